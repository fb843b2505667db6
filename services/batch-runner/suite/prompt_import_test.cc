#include "services/batch-runner/suite/prompt_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> Prompts(std::string_view content, pb::ContentFormat format) {
  const auto prompts = ImportPrompts(content, format);
  EXPECT_TRUE(prompts.ok()) << prompts.status();
  std::vector<std::string> texts;
  if (!prompts.ok()) return texts;
  for (const pb::Prompt& prompt : *prompts) texts.push_back(prompt.prompt());
  return texts;
}

std::vector<std::string> Faults(std::string_view content, pb::ContentFormat format) {
  std::vector<std::string> messages;
  for (const FieldFault& fault : FieldFaultsOf(ImportPrompts(content, format).status()))
    messages.push_back(fault.message);
  return messages;
}

TEST(PromptImportTest, TakesAPromptALine) {
  EXPECT_THAT(Prompts("\xEF\xBB\xBFone\r\n\n  two \nthree", pb::CONTENT_FORMAT_TEXT),
              ElementsAre("one", "two", "three"));
}

TEST(PromptImportTest, TakesCsvWithColumnsInAnyOrder) {
  const auto prompts =
      ImportPrompts("category,Prompt,expected_answer\nmath,\"What is 1,5 + 1?\",2.5\n,Hi,\n", pb::CONTENT_FORMAT_CSV);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ((*prompts)[0].prompt(), "What is 1,5 + 1?");
  EXPECT_EQ((*prompts)[0].category(), "math");
  EXPECT_EQ((*prompts)[0].expected_answer(), "2.5");
  EXPECT_FALSE((*prompts)[1].has_category());
  EXPECT_FALSE((*prompts)[1].has_expected_answer());
}

TEST(PromptImportTest, TakesJsonLinesOfStringsAndObjects) {
  const auto prompts = ImportPrompts(
      "\"one\"\n\n{\"prompt\":\"two\",\"checks\":{\"kind\":\"contains\",\"value\":\"2\"}}\n", pb::CONTENT_FORMAT_JSONL);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ((*prompts)[0].prompt(), "one");
  EXPECT_EQ((*prompts)[1].checks(0).value().string_value(), "2");
}

TEST(PromptImportTest, TakesAJsonListOrAnObjectWithPrompts) {
  EXPECT_THAT(Prompts(R"(["one",{"prompt":"two"}])", pb::CONTENT_FORMAT_JSON), ElementsAre("one", "two"));
  EXPECT_THAT(Prompts(R"({"prompts":["one"]})", pb::CONTENT_FORMAT_JSON), ElementsAre("one"));
}

TEST(PromptImportTest, NamesEveryFaultWithItsLine) {
  EXPECT_THAT(Faults("prompt,category\n,math\na,b,c\nok,x\n", pb::CONTENT_FORMAT_CSV),
              ElementsAre("line 2: prompt is missing", StartsWith("line 3: has 3 fields where the header has 2")));
  EXPECT_THAT(
      Faults(
          "{\"promt\":\"x\"}\n\"ok\"\n[1]\n{\"prompt\":\n{\"prompt\":\"x\",\"checks\":[{\"kind\":\"regex\",\"value\":"
          "\"(\"}]}",
          pb::CONTENT_FORMAT_JSONL),
      ElementsAre(StartsWith("line 1: promt is not known"), StartsWith("line 3: must be text or an object"),
                  StartsWith("line 4: column"), StartsWith("line 5: checks[0].value is no regular expression")));
  EXPECT_THAT(Faults(R"(["ok",{"prompt":""},{"text":"x"}])", pb::CONTENT_FORMAT_JSON),
              ElementsAre(StartsWith("prompts[2].text is not known"), StartsWith("prompts[1]: prompt is missing"),
                          StartsWith("prompts[2]: prompt is missing")));
  EXPECT_THAT(Faults("ok\n" + std::string(65537, 'x'), pb::CONTENT_FORMAT_TEXT),
              ElementsAre("line 2: prompt is longer than 64 KiB"));
}

TEST(PromptImportTest, RefusesAHeaderItDoesNotUnderstand) {
  EXPECT_THAT(Faults("prompt,weight\na,1\n", pb::CONTENT_FORMAT_CSV),
              ElementsAre("line 1: the column `weight` is not known; known are prompt, expected_answer and category"));
  EXPECT_THAT(Faults("category\na\n", pb::CONTENT_FORMAT_CSV), ElementsAre(HasSubstr("no column `prompt`")));
  EXPECT_THAT(Faults("prompt;category\na;b\n", pb::CONTENT_FORMAT_CSV), ElementsAre(HasSubstr("parted by commas")));
  EXPECT_THAT(Faults("prompt,prompt\na,b\n", pb::CONTENT_FORMAT_CSV), ElementsAre(HasSubstr("twice")));
}

TEST(PromptImportTest, CutsTheNameOfAnUnknownColumnBetweenCharacters) {
  std::string name = "a";
  for (int i = 0; i < 40; ++i) name += "ä";
  EXPECT_THAT(Faults("prompt," + name + "\na,b\n", pb::CONTENT_FORMAT_CSV),
              ElementsAre(StartsWith("line 1: the column `" + name.substr(0, 59) + "` is not known")));
}

TEST(PromptImportTest, RefusesNulAndWhatIsNotUtf8AtItsLine) {
  EXPECT_THAT(Faults(std::string_view("ok\na\0b\n\xFF\n", 9), pb::CONTENT_FORMAT_TEXT),
              ElementsAre("line 2: holds U+0000", StartsWith("line 3: is not UTF-8")));
}

TEST(PromptImportTest, RefusesNothingTooMuchAndNoFormat) {
  EXPECT_THAT(Faults(" \n", pb::CONTENT_FORMAT_TEXT), ElementsAre("holds no prompt"));
  EXPECT_THAT(Faults("prompt\n", pb::CONTENT_FORMAT_CSV), ElementsAre("holds no prompt"));
  EXPECT_THAT(Faults("x", pb::CONTENT_FORMAT_UNSPECIFIED), ElementsAre(HasSubstr("text, csv, jsonl or json")));
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += "x\n";
  EXPECT_EQ(ReasonOf(ImportPrompts(many, pb::CONTENT_FORMAT_TEXT).status()), Reason::kPromptLimitExceeded);
  many.resize(many.size() - 2);
  EXPECT_EQ(Prompts(many, pb::CONTENT_FORMAT_TEXT).size(), 100'000u);
}

TEST(PromptImportTest, ListsAtMostFortyFaults) {
  std::string many = "prompt\n";
  for (int i = 0; i < 100; ++i) many += "a,b\n";
  const auto faults = Faults(many, pb::CONTENT_FORMAT_CSV);
  ASSERT_EQ(faults.size(), 40u);
  EXPECT_THAT(faults.back(), HasSubstr("60 more faults"));
}

}  // namespace
}  // namespace ftl::batch_runner
