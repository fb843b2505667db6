#include "services/analytics/compare/unpaired.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "services/analytics/compare/tested_difference.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

MiddleValues All(std::vector<double> values) {
  std::ranges::sort(values);
  const auto n = static_cast<int64_t>(values.size());
  return {n, 0, std::move(values)};
}

// Values of exact integer arithmetic.
TEST(UnpairedTest, FisherAgreesWithExactArithmetic) {
  EXPECT_NEAR(FisherExact({1, 10}, {9, 10}), 202.0 / 184756, 1e-9);
  EXPECT_NEAR(FisherExact({3, 4}, {1, 4}), 34.0 / 70, 1e-9);
  EXPECT_NEAR(FisherExact({0, 3}, {3, 3}), 0.1, 1e-9);
  EXPECT_NEAR(FisherExact({5, 5}, {7, 7}), 1, 1e-9);
}

// The worked example of Newcombe (1998): 56 of 70 and 48 of 80 differ by 0.0524 to 0.3339.
TEST(UnpairedTest, TheIntervalOfTwoSharesIsNewcombes) {
  const Interval gap = ShareGap({48, 80}, {56, 70});
  EXPECT_NEAR(gap.low, 0.0524, 5e-5);
  EXPECT_NEAR(gap.high, 0.3339, 5e-5);
}

// Seven values have seven medians; how often each comes is counted over all 7^7 resamples, and so are their gaps.
TEST(UnpairedTest, TheMediansAreThoseOfAllResamples) {
  const std::vector<double> base = {1, 2, 3, 5, 8, 13, 21}, other = {4, 6, 9, 14, 22, 40, 80};
  std::vector<int64_t> times(7);
  for (int resample = 0; resample < 823'543; ++resample) {
    std::vector<int> drawn;
    for (int digits = resample, i = 0; i < 7; ++i, digits /= 7) drawn.push_back(digits % 7);
    std::ranges::nth_element(drawn, drawn.begin() + 3);
    ++times[static_cast<size_t>(drawn[3])];
  }
  std::vector<std::pair<double, double>> gaps;
  const double all = std::pow(823'543.0, 2);
  for (size_t i = 0; i < 7; ++i) {
    for (size_t j = 0; j < 7; ++j) {
      gaps.emplace_back(other[j] - base[i], static_cast<double>(times[i]) * static_cast<double>(times[j]) / all);
    }
  }
  std::ranges::sort(gaps);
  const auto quantile = [&](double share) {
    double reached = 0;
    for (const auto& [gap, chance] : gaps) {
      reached += chance;
      if (reached >= share) return gap;
    }
    return gaps.back().first;
  };
  double not_above = 0;
  for (const auto& [gap, chance] : gaps) not_above += gap <= 0 ? chance : 0;
  const auto found = BootstrapMedianGap(All(base), All(other));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->difference, 9);
  EXPECT_NEAR(found->low, quantile(0.025), 1e-6);
  EXPECT_NEAR(found->high, quantile(0.975), 1e-6);
  EXPECT_NEAR(found->p_value, 2 * not_above, 1e-9);
}

TEST(UnpairedTest, TheMiddleOfManyValuesIsEnough) {
  std::vector<double> base, other;
  for (int i = 0; i < 4000; ++i) {
    base.push_back(i);
    other.push_back(i + 100);
  }
  const auto middle = [](const std::vector<double>& all) {
    MiddleValues part{.n = 4000};
    for (int i = 0; i < 4000; ++i) {
      if (std::abs(i + 1 - 4001 / 2.0) > 3 * std::sqrt(4000) + 1) continue;
      if (part.values.empty()) part.first = i;
      part.values.push_back(all[static_cast<size_t>(i)]);
    }
    return part;
  };
  const auto whole = BootstrapMedianGap(All(base), All(other));
  const auto part = BootstrapMedianGap(middle(base), middle(other));
  EXPECT_EQ(part->difference, whole->difference);
  EXPECT_NEAR(part->low, whole->low, 1e-6);
  EXPECT_NEAR(part->high, whole->high, 1e-6);
  EXPECT_NEAR(part->p_value, whole->p_value, 1e-7);
}

TEST(TestedDifferenceTest, SaysOfFewThatTheyAreTooFew) {
  std::vector<pb::TestedDifference> tested = {TestPairedOutcomes({{true, false}, {true, false}, {true, true}}),
                                              TestPairedValues({-5, -4, -3, -2, -1}), TestShares({0, 3}, {3, 3}),
                                              TestValues(All({1, 2, 3}), All({7, 8, 9, 10, 11, 12}))};
  SettleVerdicts(tested);
  for (const pb::TestedDifference& one : tested) EXPECT_EQ(one.verdict(), pb::DIFFERENCE_VERDICT_TOO_FEW);
}

TEST(TestedDifferenceTest, WhatOneTestShowsTwentyTogetherMayNot) {
  const auto shifted = TestPairedValues({-9, -8, -7, -6, -5, -4, -3, -2});
  std::vector<pb::TestedDifference> alone = {shifted};
  SettleVerdicts(alone);
  EXPECT_EQ(alone[0].verdict(), pb::DIFFERENCE_VERDICT_LESS);
  std::vector<pb::TestedDifference> together(20, TestPairedValues({-1, 1, -2, 2, -3, 3, -4, 4}));
  together.push_back(shifted);
  SettleVerdicts(together);
  EXPECT_EQ(together.back().verdict(), pb::DIFFERENCE_VERDICT_NONE_SHOWN);
  EXPECT_NEAR(together.back().adjusted_p_value(), 21 * 2.0 / 256, 1e-9);
}

TEST(TestedDifferenceTest, TheSamePromptsSucceedingIsNoDifference) {
  std::vector<pb::TestedDifference> tested = {TestPairedOutcomes({{true, true}, {false, false}})};
  SettleVerdicts(tested);
  EXPECT_EQ(tested[0].verdict(), pb::DIFFERENCE_VERDICT_NONE_SHOWN);
}

}  // namespace
}  // namespace ftl::analytics
