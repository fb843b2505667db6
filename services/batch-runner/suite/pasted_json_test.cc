#include "services/batch-runner/suite/pasted_json.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

std::vector<std::string> Pieces(std::string_view strict) {
  std::vector<std::string> found;
  JsonPieces pieces(strict);
  for (JsonPiece piece; pieces.Next(piece);) {
    found.push_back(std::to_string(piece.line) + " " + std::string(piece.text));
  }
  return found;
}

TEST(PastedJsonTest, MakesStrictWithoutMovingAnything) {
  EXPECT_EQ(StrictJson("[1,2,]"), "[1,2 ]");
  EXPECT_EQ(StrictJson("{\"a\":1, // x,\n}"), "{\"a\":1       \n}");
  EXPECT_EQ(StrictJson("[1 /* a\nb */ ,\n ]"), "[1     \n      \n ]");
  EXPECT_EQ(StrictJson("{\"a\":1},"), "{\"a\":1} ");
  EXPECT_EQ(StrictJson("\x1E[]"), " []");
}

TEST(PastedJsonTest, LeavesTextWithinStringsAndWhatIsWrong) {
  for (const char* same :
       {R"(["a,]", "// b", "/* c */", "d\",]"])", "[1,,2]", "[1 /* 2]", "[,1]", "\"open", "\"\\", ""}) {
    EXPECT_EQ(StrictJson(same), same);
  }
}

TEST(PastedJsonTest, FindsTheValuesOneBehindTheOther) {
  EXPECT_THAT(Pieces("{\"a\":\n[1]}\n\n{\"b\":\"}\"}[2] true"),
              testing::ElementsAre("1 {\"a\":\n[1]}", "4 {\"b\":\"}\"}", "4 [2]", "4 true"));
  EXPECT_THAT(Pieces("  "), testing::IsEmpty());
  EXPECT_THAT(Pieces("}{"), testing::ElementsAre("1 }", "1 {"));
}

}  // namespace
}  // namespace ftl::batch_runner
