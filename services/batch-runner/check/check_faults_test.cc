#include "services/batch-runner/check/check_faults.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace ftl::batch_runner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FaultyFields(const std::string& prompt_text) {
  pb::Prompt prompt;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(prompt_text, &prompt)) << prompt_text;
  FieldFaults faults;
  ValidateChecks(prompt, "prompts[3]", faults);
  std::vector<std::string> fields;
  for (const FieldFault& fault : faults.listed()) fields.push_back(fault.field);
  return fields;
}

TEST(CheckFaultsTest, LetsGoodChecksPass) {
  EXPECT_THAT(
      FaultyFields("expected_answer: 'x' checks { kind: CHECK_KIND_CONTAINS value { string_value: 'a' } ignore_case: "
                   "true } checks { kind: CHECK_KIND_NUMERIC value { number_value: 1 } tolerance: 0 } checks { kind: "
                   "CHECK_KIND_LENGTH min: 1 unit: 'words' } checks { kind: CHECK_KIND_SIMILARITY min: 0.5 } checks "
                   "{ any { kind: CHECK_KIND_IS_JSON } any { kind: CHECK_KIND_LATENCY max_ms: 5 } }"),
      IsEmpty());
}

TEST(CheckFaultsTest, NamesEveryFaultWithItsPlace) {
  EXPECT_THAT(
      FaultyFields(
          "checks { kind: CHECK_KIND_REGEX value { string_value: '(' } } checks { kind: CHECK_KIND_CONTAINS } checks "
          "{ kind: CHECK_KIND_CONTAINS value { string_value: 'a' } tolerance: 1 } checks { kind: CHECK_KIND_NUMERIC "
          "value { string_value: '4' } tolerance: -1 } checks { any { kind: CHECK_KIND_IS_JSON } any { kind: "
          "CHECK_KIND_LENGTH min: 3 max: 1 unit: 'lines' } }"),
      ElementsAre("prompts[3].checks[0].value", "prompts[3].checks[1].value", "prompts[3].checks[2].tolerance",
                  "prompts[3].checks[3].value", "prompts[3].checks[3].tolerance", "prompts[3].checks[4].any[1].max",
                  "prompts[3].checks[4].any[1].unit"));
}

TEST(CheckFaultsTest, WantsOneOfKindAnyAndAll) {
  EXPECT_THAT(FaultyFields("checks { }"), ElementsAre("prompts[3].checks[0]"));
  EXPECT_THAT(FaultyFields("checks { kind: CHECK_KIND_IS_JSON any { kind: CHECK_KIND_IS_JSON } }"),
              ElementsAre("prompts[3].checks[0]"));
  EXPECT_THAT(FaultyFields("checks { kind: CHECK_KIND_UNSPECIFIED }"), ElementsAre("prompts[3].checks[0].kind"));
}

TEST(CheckFaultsTest, WantsAReferenceForSimilarityAndAnUpperEndForLatency) {
  EXPECT_THAT(FaultyFields("checks { kind: CHECK_KIND_SIMILARITY min: 2 } checks { kind: CHECK_KIND_LATENCY }"),
              ElementsAre("prompts[3].checks[0].value", "prompts[3].checks[0].min", "prompts[3].checks[1].max_ms"));
  EXPECT_THAT(FaultyFields("expected_answer: ' '"), ElementsAre("prompts[3].expected_answer"));
}

TEST(CheckFaultsTest, BoundsDepthAndNumber) {
  std::string nested = "kind: CHECK_KIND_IS_JSON";
  for (int i = 0; i < 5; ++i) nested = "all {" + nested + "}";
  EXPECT_THAT(FaultyFields("checks {" + nested + "}"), ElementsAre("prompts[3].checks[0].all[0].all[0].all[0].all[0]"));
  std::string many;
  for (int i = 0; i < 70; ++i) many += "checks { kind: CHECK_KIND_IS_JSON } ";
  EXPECT_THAT(FaultyFields(many), ElementsAre("prompts[3].checks[64]"));
}

TEST(CheckFaultsTest, RefusesASchemaThatIsNone) {
  EXPECT_THAT(FaultyFields("checks { kind: CHECK_KIND_JSON_SCHEMA value { struct_value { fields { key: 'type' value { "
                           "string_value: 'strin' } } } } }"),
              ElementsAre("prompts[3].checks[0].value"));
}

}  // namespace
}  // namespace ftl::batch_runner
