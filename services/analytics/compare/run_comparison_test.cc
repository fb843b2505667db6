#include "services/analytics/compare/run_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<ResultPair> Pairs(int count) {
  std::vector<ResultPair> pairs;
  for (int i = 1; i <= count; ++i) {
    ResultPair pair;
    pair.prompt_id = i;
    pair.category = i % 2 ? "a" : "b";
    pair.base_success = pair.other_success = true;
    pair.latency_ms = 0;
    pairs.push_back(pair);
  }
  return pairs;
}

TEST(RunComparisonTest, ADifferenceIsCalledOneWhereItsTestSaysSo) {
  std::vector<ResultPair> pairs = Pairs(12);
  for (ResultPair& pair : pairs) pair.latency_ms = -100 - pair.prompt_id;
  const auto told = Compare(pairs);
  EXPECT_EQ(told.n_pairs(), 12);
  EXPECT_EQ(told.success().both(), 12);
  EXPECT_EQ(told.success().p_value(), 1);
  EXPECT_EQ(told.latency_ms().median_difference(), -106.5);
  EXPECT_LT(told.latency_ms().interval().high(), -102);
  EXPECT_EQ(told.latency_ms().faster(), 12);
  EXPECT_NEAR(told.latency_ms().p_value(), 2.0 / 4096, 1e-12);
  EXPECT_EQ(Shown(told).latency, -1);
  EXPECT_FALSE(told.has_ttft_ms());
  EXPECT_THAT(told.verdict(), HasSubstr("Latency: other is faster (median difference -106.5 ms"));
  EXPECT_THAT(told.verdict(), HasSubstr("The same prompts succeeded in both runs."));
}

TEST(RunComparisonTest, NoDifferenceIsToldWhereThereIsNone) {
  std::vector<ResultPair> pairs = Pairs(12);
  for (ResultPair& pair : pairs) pair.latency_ms = pair.prompt_id % 2 ? 50 : -50;
  const auto told = Compare(pairs);
  EXPECT_EQ(Shown(told).latency, 0);
  EXPECT_THAT(told.verdict(), HasSubstr("Latency: no difference is shown"));
}

TEST(RunComparisonTest, FivePairsAreTooFewToTell) {
  std::vector<ResultPair> pairs = Pairs(5);
  for (ResultPair& pair : pairs) {
    pair.latency_ms = -100;
    pair.base_success = false;
  }
  const auto told = Compare(pairs);
  EXPECT_EQ(told.latency_ms().median_difference(), -100);
  EXPECT_FALSE(told.latency_ms().has_interval());
  EXPECT_EQ(Shown(told).latency, 0);
  EXPECT_EQ(Shown(told).success, 0);
  EXPECT_THAT(told.verdict(), HasSubstr("Too few prompts part the runs to tell whether more prompts succeeded"));
  EXPECT_THAT(told.verdict(), HasSubstr("Latency: too few to tell"));
  EXPECT_THAT(told.better(), ElementsAre(1, 2, 3, 4, 5));
}

// 6 to 0 alone is p = 0.031; told together with a latency that is level it is 0.0625.
TEST(RunComparisonTest, SeveralTestsAreAdjustedForTheirNumber) {
  std::vector<ResultPair> pairs = Pairs(12);
  for (size_t i = 0; i < 6; ++i) pairs[i].base_success = false;
  for (ResultPair& pair : pairs) pair.latency_ms = pair.prompt_id % 2 ? 50 : -50;
  const auto told = Compare(pairs);
  EXPECT_NEAR(told.success().p_value(), 0.03125, 1e-12);
  EXPECT_EQ(Shown(told).success, 0);
  for (ResultPair& pair : pairs) pair.latency_ms.reset();
  EXPECT_EQ(Shown(Compare(pairs)).success, 1);
}

TEST(RunComparisonTest, CategoriesAreToldByNameWithAdjustedValues) {
  std::vector<ResultPair> pairs = Pairs(16);
  for (ResultPair& pair : pairs) {
    if (pair.category == "a") pair.other_success = false;
  }
  const auto told = Compare(pairs);
  ASSERT_EQ(told.by_category_size(), 2);
  EXPECT_EQ(told.by_category(0).category(), "a");
  EXPECT_NEAR(told.by_category(0).success().p_value(), 2.0 / 256, 1e-12);
  EXPECT_NEAR(told.by_category(0).adjusted_p_value(), 4.0 / 256, 1e-12);
  EXPECT_EQ(told.by_category(1).adjusted_p_value(), 1);
  EXPECT_EQ(told.worse_size(), 8);
}

TEST(RunComparisonTest, AFailedCheckIsWorse) {
  std::vector<ResultPair> pairs = Pairs(3);
  for (ResultPair& pair : pairs) pair.base_checks = pair.other_checks = true;
  pairs[1].other_checks = false;
  const auto told = Compare(pairs);
  EXPECT_THAT(told.worse(), ElementsAre(2));
  EXPECT_EQ(told.checks().only_base(), 1);
  EXPECT_EQ(told.success().both(), 3);
}

TEST(RunComparisonTest, RunsWithoutACommonPromptHaveNothingToCompare) {
  const auto told = Compare({});
  EXPECT_EQ(told.n_pairs(), 0);
  EXPECT_EQ(told.success().p_value(), 1);
  EXPECT_THAT(told.verdict(), HasSubstr("nothing to compare"));
}

}  // namespace
}  // namespace ftl::analytics
