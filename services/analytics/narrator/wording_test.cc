#include "services/analytics/narrator/wording.h"

#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

TEST(WordingTest, NumbersHaveTheirUnitAndNoUselessZeros) {
  EXPECT_EQ(DurationText(850), "850 ms");
  EXPECT_EQ(DurationText(1235.2), "1.235 s");
  EXPECT_EQ(DurationText(2000), "2 s");
  EXPECT_EQ(DurationText(125'000), "2 min 5 s");
  EXPECT_EQ(QuantityText(pb::MEASURE_OUTPUT_TOKENS, 12345.36), "12,345.4 tokens");
  EXPECT_EQ(QuantityText(pb::MEASURE_OUTPUT_TOKENS, 1), "1 token");
}

TEST(WordingTest, APromptIsNamedByNumberAndBeginningOnOneLine) {
  FoundResult result;
  result.prompt_id = 7;
  result.prompt = "How do I\nreset my *very* old password, please?";
  EXPECT_EQ(PromptText(result), "#7 'How do I reset my \\*very\\* old pas…'");
}

TEST(WordingTest, CutsBetweenCharactersAndNotWithinOne) { EXPECT_EQ(Quoted("äöü", 2), "äö…"); }

}  // namespace
}  // namespace ftl::analytics
