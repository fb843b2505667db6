#include "services/batch-runner/check/check.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace ftl::batch_runner {
namespace {

using ::testing::HasSubstr;

pb::Prompt PromptWith(const std::string& text) {
  pb::Prompt prompt;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &prompt)) << text;
  return prompt;
}

std::vector<pb::CheckOutcome> Outcomes(const std::string& prompt, std::string_view response,
                                       MatchWork work = MatchWork()) {
  return RunChecks(PromptWith(prompt), response, absl::Milliseconds(1500), work);
}

struct Case {
  const char* check;  // of the prompt, as text format
  const char* response;
  bool passed;
};

void ExpectAll(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    const auto outcomes = Outcomes("checks {" + std::string(one.check) + "}", one.response);
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].passed(), one.passed) << one.check << " on " << one.response << ": " << outcomes[0].detail();
    EXPECT_THAT(outcomes[0].detail(), ::testing::EndsWith("."));
  }
}

TEST(CheckTest, TextIsFoundWithOrWithoutRegardToCaseInEveryScript) {
  ExpectAll({{"kind: CHECK_KIND_CONTAINS value { string_value: 'light' }", "Thunder and light", true},
             {"kind: CHECK_KIND_CONTAINS value { string_value: 'Light' }", "thunder and light", false},
             {"kind: CHECK_KIND_CONTAINS value { string_value: 'ÄRGER' } ignore_case: true", "viel Ärger", true},
             {"kind: CHECK_KIND_CONTAINS value { string_value: 'ΣΟΦΊΑ' } ignore_case: true", "η σοφία", true},
             {"kind: CHECK_KIND_CONTAINS value { string_value: 'a.c' }", "abc", false},
             {"kind: CHECK_KIND_CONTAINS value { string_value: '' }", "", true},
             {"kind: CHECK_KIND_NOT_CONTAINS value { string_value: 'storm' } ignore_case: true", "A STORM", false},
             {"kind: CHECK_KIND_NOT_CONTAINS value { string_value: 'storm' }", "calm", true},
             {"kind: CHECK_KIND_NOT_CONTAINS value { string_value: '\\nimport ' }", "\nimport os", false},
             {"kind: CHECK_KIND_EQUALS value { string_value: 'technical' }", " technical\n", true},
             {"kind: CHECK_KIND_EQUALS value { string_value: 'technical' }", "\u00A0technical\uFEFF", true},
             {"kind: CHECK_KIND_EQUALS value { string_value: 'technical' }", "technical.", false},
             {"kind: CHECK_KIND_EQUALS value { string_value: 'Technical' } ignore_case: true", "TECHNICAL", true},
             {"kind: CHECK_KIND_STARTS_WITH value { string_value: 'Dear' }", "\n Dear reader", true},
             {"kind: CHECK_KIND_STARTS_WITH value { string_value: 'Dear' }", "My Dear", false}});
}

TEST(CheckTest, AnExpressionMatchesSomewhere) {
  ExpectAll({{"kind: CHECK_KIND_REGEX value { string_value: '(?m)^\\\\W*1\\\\W' }", "List:\n1. one", true},
             {"kind: CHECK_KIND_REGEX value { string_value: '\\\\A\\\\s*ok\\\\s*\\\\z' }", "ok then", false},
             {"kind: CHECK_KIND_REGEX value { string_value: 'row_number' } ignore_case: true", "ROW_NUMBER()", true}});
}

TEST(CheckTest, AnAnswerIsShownWithoutBreakingACharacter) {
  std::string response;
  for (int i = 0; i < 30; ++i) response += "語";
  const auto outcomes = Outcomes("checks { kind: CHECK_KIND_IS_JSON }", response);
  EXPECT_THAT(outcomes[0].detail(), HasSubstr("“" + response.substr(0, 39) + "…”"));
}

TEST(CheckTest, AHostileExpressionOverALongAnswerEndsSoonAndFails) {
  const std::string response(1024 * 1024, 'a');
  const auto outcomes =
      Outcomes("checks { kind: CHECK_KIND_REGEX value { string_value: '([^b]{0,300}c){3}' } }", response);
  EXPECT_FALSE(outcomes[0].passed());
  EXPECT_THAT(outcomes[0].detail(), HasSubstr("not judged"));
}

TEST(CheckTest, WhatWasNotJudgedHasNotPassedAndWhatIsCheaperIsStillJudged) {
  const std::string schema =
      "kind: CHECK_KIND_JSON_SCHEMA value { struct_value { fields { key: 'not' value { struct_value { fields { key: "
      "'pattern' value { string_value: 'a.*b' } } } } } } }";
  const std::string response = '"' + std::string(2000, 'c') + '"';
  const std::string contains = "checks { kind: CHECK_KIND_CONTAINS value { string_value: 'c' } }";
  EXPECT_TRUE(Outcomes("checks {" + schema + "}", response)[0].passed());
  const auto outcomes = Outcomes("checks {" + schema + "}" + contains, response, MatchWork(15'000));
  EXPECT_FALSE(outcomes[0].passed());
  EXPECT_THAT(outcomes[0].detail(), HasSubstr("not judged"));
  EXPECT_TRUE(outcomes[1].passed());
}

TEST(CheckTest, JsonIsTheWholeAnswerAndNoCodeFence) {
  ExpectAll(
      {{"kind: CHECK_KIND_IS_JSON", " {\"a\": [1, 2]}\n", true},
       {"kind: CHECK_KIND_IS_JSON", "42", true},
       {"kind: CHECK_KIND_IS_JSON", "```json\n{}\n```", false},
       {"kind: CHECK_KIND_IS_JSON", "Here: {}", false},
       {"kind: CHECK_KIND_IS_JSON", "", false},
       {"kind: CHECK_KIND_JSON_SCHEMA value { struct_value { fields { key: 'required' value { list_value { values "
        "{ string_value: 'fix' } } } } } }",
        "{\"fix\": 1}", true},
       {"kind: CHECK_KIND_JSON_SCHEMA value { struct_value { fields { key: 'required' value { list_value { values "
        "{ string_value: 'fix' } } } } } }",
        "{}", false}});
}

TEST(CheckTest, OneNumberWithinTheToleranceIsEnough) {
  ExpectAll({{"kind: CHECK_KIND_NUMERIC value { number_value: 223317 }", "That makes 223,317 in all.", true},
             {"kind: CHECK_KIND_NUMERIC value { number_value: 10 }", "110", false},
             {"kind: CHECK_KIND_NUMERIC value { number_value: 17.8 } tolerance: 0.005", "€17.80 back", true},
             {"kind: CHECK_KIND_NUMERIC value { number_value: 42 } tolerance: 0.5", "about 42.6", false},
             {"kind: CHECK_KIND_NUMERIC value { number_value: 42 }", "none", false}});
}

TEST(CheckTest, LengthCountsCharactersOrWords) {
  ExpectAll({{"kind: CHECK_KIND_LENGTH max: 5", " Grüße\n", true},
             {"kind: CHECK_KIND_LENGTH max: 5 unit: 'characters'", "123456", false},
             {"kind: CHECK_KIND_LENGTH min: 2 max: 3 unit: 'words'", "one  two\nthree ", true},
             {"kind: CHECK_KIND_LENGTH min: 2 unit: 'words'", "one", false}});
}

TEST(CheckTest, LatencyIsInclusive) {
  ExpectAll(
      {{"kind: CHECK_KIND_LATENCY max_ms: 1500", "x", true}, {"kind: CHECK_KIND_LATENCY max_ms: 1499.9", "x", false}});
}

TEST(CheckTest, SimilarityIsSquadsTokenF1) {
  // Two of the answer's three tokens, two of the reference's two: 2 * 2 / (3 + 2).
  ExpectAll({{"kind: CHECK_KIND_SIMILARITY min: 0.8 value { string_value: 'Eiffel Tower' }", "The eiffel tower, Paris!",
              true},
             {"kind: CHECK_KIND_SIMILARITY min: 0.81 value { string_value: 'Eiffel Tower' }",
              "The eiffel tower, Paris!", false},
             {"kind: CHECK_KIND_SIMILARITY min: 1 value { string_value: '东京' }", "东京。", true},
             {"kind: CHECK_KIND_SIMILARITY min: 0.1 value { string_value: 'yes' }", "", false}});
}

TEST(CheckTest, GroupsPassByOneOrByAll) {
  const char* const kAny =
      "any { kind: CHECK_KIND_CONTAINS value { string_value: 'a' } } any { all { kind: CHECK_KIND_CONTAINS value { "
      "string_value: 'b' } } all { kind: CHECK_KIND_CONTAINS value { string_value: 'c' } } }";
  ExpectAll({{kAny, "a", true}, {kAny, "b c", true}, {kAny, "b", false}});
  const auto outcomes = Outcomes(std::string("checks {") + kAny + "}", "b");
  EXPECT_EQ(outcomes[0].kind(), "any");
  EXPECT_EQ(outcomes[0].detail(), "None of 2 holds. The answer does not contain “a”. The answer does not contain “c”.");
}

TEST(CheckTest, AnExpectedAnswerAloneIsContainedIgnoringCase) {
  const auto outcomes = Outcomes("expected_answer: ' Paris '", "It is PARIS.");
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind(), "contains");
  EXPECT_TRUE(outcomes[0].passed());
  EXPECT_EQ(Outcomes("expected_answer: 'Paris' checks { kind: CHECK_KIND_IS_JSON }", "Paris")[0].kind(), "is_json");
  EXPECT_TRUE(Outcomes("prompt: 'Hi'", "Paris").empty());
}

}  // namespace
}  // namespace ftl::batch_runner
