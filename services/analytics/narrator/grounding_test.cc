#include "services/analytics/narrator/grounding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GroundingTest : public testing::Test {
 protected:
  GroundingTest() {
    for (const double value : {7.0, 1690.313, 225.0, 80.0}) rows_.add_rows()->add_values()->set_number_value(value);
  }
  std::vector<std::string> Unsupported(std::string_view comment) {
    const auto grounding = CheckFigures(comment, rows_, {"You asked about 2 s; 8 of 10 prompts completed."});
    return {grounding.unsupported().begin(), grounding.unsupported().end()};
  }
  finetunelab::analytics::v1::ToolResult rows_;
};

TEST_F(GroundingTest, AFigureHoldsUnderTheRoundingItIsWrittenWith) {
  EXPECT_THAT(Unsupported("#7 took 1.7 s (1,690 ms, or 1690.31 ms), about 1.69 seconds, with 225 tokens; 80% passed."),
              IsEmpty());
  EXPECT_THAT(Unsupported("1.8 s and 1.691 s and 226 tokens"), ElementsAre("1.8 s", "1.691 s", "226 tokens"));
}

TEST_F(GroundingTest, FiguresOfFactsInWordsAndOfTheQuestionHold) {
  EXPECT_THAT(Unsupported("8 of 10 completed; none took over 2000 ms."), IsEmpty());
}

TEST_F(GroundingTest, NamesAndListMarksAreNoFigures) {
  EXPECT_THAT(Unsupported("1. The p95 is fine.\n2. The 95th percentile of gpt4 too."), IsEmpty());
}

TEST_F(GroundingTest, AnInventedPercentageIsMarkedOnce) {
  EXPECT_THAT(Unsupported("It is 37% slower. Yes, 37%."), ElementsAre("37%"));
}

}  // namespace
}  // namespace ftl::analytics
