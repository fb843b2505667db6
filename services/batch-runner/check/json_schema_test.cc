#include "services/batch-runner/check/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

std::optional<std::string> Fault(const char* schema, const char* value) {
  MatchWork work;
  EXPECT_TRUE(ValidateSchema(json::parse(schema)).ok()) << schema << ValidateSchema(json::parse(schema));
  return SchemaFault(json::parse(schema), json::parse(value), work);
}

TEST(JsonSchemaTest, TellsWhatFitsFromWhatDoesNot) {
  const struct {
    const char* schema;
    const char* fits;
    const char* does_not;
  } kCases[] = {
      {R"({"type":"integer"})", "1.0", "1.5"},
      {R"({"type":["string","null"]})", "null", "1"},
      {R"({"const":{"a":[1]}})", R"({"a":[1.0]})", R"({"a":[2]})"},
      {R"({"enum":["reject","accept"]})", R"("accept")", R"("maybe")"},
      {R"({"minimum":1,"exclusiveMaximum":3})", "1", "3"},
      {R"({"multipleOf":0.01})", "17.8", "17.805"},
      {R"({"minLength":2,"maxLength":3})", R"("äöü")", R"("äöüß")"},
      {R"({"pattern":"^\\d+$"})", R"("123")", R"("12a")"},
      {R"({"items":{"type":"number"},"minItems":1})", "[1,2]", "[1,\"2\"]"},
      {R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a"])", R"(["a",1])"},
      {R"({"items":[{"type":"string"}],"additionalItems":{"type":"number"}})", R"(["a",1])", R"(["a","b"])"},
      {R"({"uniqueItems":true})", "[1,2]", "[1,1.0]"},
      {R"({"contains":{"const":1},"maxContains":1})", "[1,2]", "[1,1]"},
      {R"({"required":["a"],"properties":{"a":{"type":"string"}}})", R"({"a":"x"})", R"({"a":1})"},
      {R"({"properties":{"a":{}},"patternProperties":{"^x-":{}},"additionalProperties":false})", R"({"a":1,"x-b":2})",
       R"({"b":1})"},
      {R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", R"({"abc":1})"},
      {R"({"minProperties":1})", R"({"a":1})", "{}"},
      {R"({"dependentRequired":{"a":["b"]}})", R"({"a":1,"b":2})", R"({"a":1})"},
      {R"({"dependencies":{"a":{"minProperties":2}}})", R"({"a":1,"b":2})", R"({"a":1})"},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3"},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "6", "4"},
      {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", "4", "6"},
      {R"({"not":{"type":"null"}})", "1", "null"},
      {R"({"if":{"type":"string"},"then":{"minLength":1},"else":{"minimum":1}})", "1", R"("")"},
      {R"({"$ref":"#/$defs/tree","$defs":{"tree":{"properties":{"next":{"$ref":"#/$defs/tree"},"n":{"type":"integer"}}}}})",
       R"({"next":{"n":1}})", R"({"next":{"next":{"n":"1"}}})"},
  };
  for (const auto& [schema, fits, does_not] : kCases) {
    EXPECT_EQ(Fault(schema, fits), std::nullopt) << schema;
    EXPECT_TRUE(Fault(schema, does_not).has_value()) << schema;
  }
}

TEST(JsonSchemaTest, SaysWhereAndWhat) {
  EXPECT_EQ(Fault(R"({"properties":{"findings":{"items":{"required":["fix"]}}}})", R"({"findings":[{"fix":1},{}]})"),
            "`/findings/1/fix` is missing.");
  EXPECT_EQ(Fault(R"({"type":"object"})", "1"), "The answer is not of type object.");
}

TEST(JsonSchemaTest, RefusesWhatItCouldNotHonour) {
  for (const char* schema :
       {R"("text")", R"({"type":"strin"})", R"({"pattern":"("})", R"({"$ref":"https://example.com/schema"})",
        R"({"$ref":"#/nowhere"})", R"({"unevaluatedProperties":false})", R"({"required":"a"})", R"({"anyOf":[]})",
        R"({"multipleOf":0})", R"({"properties":{"a":{"minLength":"2"}}})",
        R"({"$ref":"#/examples/0","examples":[{"type":[1]}]})"}) {
    EXPECT_FALSE(ValidateSchema(json::parse(schema)).ok()) << schema;
  }
}

TEST(JsonSchemaTest, ASchemaInACircleEnds) {
  EXPECT_EQ(Fault(R"({"$ref":"#"})", "1"), "The schema leads in a circle.");
  EXPECT_TRUE(Fault(R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})", "1").has_value());
  EXPECT_TRUE(Fault(R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]})", "1").has_value());
}

}  // namespace
}  // namespace ftl::batch_runner
