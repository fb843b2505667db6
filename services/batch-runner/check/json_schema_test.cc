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
  auto fault = SchemaFault(json::parse(schema), json::parse(value), work);
  EXPECT_TRUE(fault.ok()) << schema;
  return fault.ok() ? *fault : std::nullopt;
}

// Whether there was work enough to tell.
bool IsTold(const std::string& schema, const std::string& value) {
  MatchWork work;
  return SchemaFault(json::parse(schema), json::parse(value), work).ok();
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
  EXPECT_FALSE(IsTold(R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]})", "1"));
}

TEST(JsonSchemaTest, IsNotToldWhereItTakesTooMuchWork) {
  std::string members = "{";
  for (int i = 0; i < 50'000; ++i) members += fmt::format("{}\"k{}\":1", i == 0 ? "" : ",", i);
  members += "}";
  std::string patterns;
  for (int i = 0; i < 200; ++i) patterns += fmt::format("{}\"x{{0,{}}}z\":{{}}", i == 0 ? "" : ",", i + 1);
  EXPECT_FALSE(IsTold("{\"patternProperties\":{" + patterns + "}}", members)) << "many expressions over many names";
  std::string items;
  for (int i = 0; i < 3'000; ++i) items += fmt::format("{}[1,2,3,4,5,6,7,8,9,{}]", i == 0 ? "" : ",", i);
  EXPECT_FALSE(IsTold(R"({"uniqueItems":true})", "[" + items + "]")) << "each with each";
  EXPECT_FALSE(IsTold(R"({"not":{"pattern":"(a?){100}b"}})", '"' + std::string(900'000, 'a') + '"'))
      << "and what must not fit has not fitted for that";
}

TEST(JsonSchemaTest, SaysWhereInAFewWords) {
  const std::string value = "{\"" + std::string(100'000, 'k') + "\":1}";
  EXPECT_LT(Fault(R"({"additionalProperties":{"type":"string"}})", value.c_str())->size(), 300u);
}

}  // namespace
}  // namespace ftl::batch_runner
