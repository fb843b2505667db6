#include "common/endpoint/answer/clean_text.h"

#include <gtest/gtest.h>

#include "common/endpoint/answer/token_estimate.h"

namespace ftl {
namespace {

std::string Clean(std::string_view text) {
  std::string out;
  AppendCleanText(text, out);
  return out;
}

TEST(CleanTextTest, LeavesGoodTextAlone) {
  const std::string text = "plain ASCII that is long enough, h\u00e9llo \u4f60\u597d \U0001F600";
  EXPECT_TRUE(IsCleanText(text));
  EXPECT_EQ(Clean(text), text);
}

TEST(CleanTextTest, ShowsZeroAndInvalidBytesAsReplacementCharacters) {
  EXPECT_EQ(Clean(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(Clean(std::string_view("12345678\0", 9)), "12345678\uFFFD");
  EXPECT_EQ(Clean("a\xFF"
                  "b"),
            "a\uFFFDb");
  EXPECT_EQ(Clean("\xC0\xAF"), "\uFFFD") << "overlong";
  EXPECT_EQ(Clean("\xED\xA0\x80x"), "\uFFFDx") << "surrogate";
  EXPECT_EQ(Clean("\xF4\x90\x80\x80"), "\uFFFD") << "beyond Unicode";
  EXPECT_EQ(Clean("x\xE4\xBD"), "x\uFFFD") << "cut";
  EXPECT_FALSE(IsCleanText("x\xE4\xBD"));
}

TEST(CleanTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(CutText("a\u4f60", 4), "a\u4f60");
  EXPECT_EQ(CutText("a\u4f60", 3), "a");
  EXPECT_EQ(CutText("\u4f60", 2), "");
}

TEST(TokenEstimateTest, CountsByAlphabet) {
  EXPECT_EQ(EstimateTokens(""), 0);
  EXPECT_EQ(EstimateTokens("a"), 1);
  EXPECT_EQ(EstimateTokens("Hello, are you there?"), 6);
  EXPECT_EQ(EstimateTokens("\u4f60\u597d\u5417"), 3);
  EXPECT_EQ(EstimateTokens("\u041f\u0440\u0438\u0432\u0435\u0442"), 3);
}

}  // namespace
}  // namespace ftl
