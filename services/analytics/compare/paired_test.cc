#include "services/analytics/compare/paired.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

// Values of exact integer arithmetic (sums of binomial coefficients over 2^n).
TEST(PairedTest, McNemarAgreesWithExactArithmetic) {
  EXPECT_EQ(McNemarExact(0, 0), 1);
  EXPECT_NEAR(McNemarExact(5, 0), 0.0625, 1e-12);
  EXPECT_NEAR(McNemarExact(10, 2), 0.03857421875, 1e-12);
  EXPECT_NEAR(McNemarExact(2, 10), 0.03857421875, 1e-12);
  EXPECT_NEAR(McNemarExact(3, 9), 0.14599609375, 1e-12);
  EXPECT_EQ(McNemarExact(8, 8), 1);
  EXPECT_NEAR(McNemarExact(121, 59), 4.434449263755176e-06, 1e-14);
  EXPECT_NEAR(McNemarExact(700, 600), 0.0060157938610449525, 1e-11);
}

TEST(PairedTest, HolmStepsDownAndNeverFallsBack) {
  using testing::DoubleNear;
  EXPECT_THAT(HolmAdjusted(std::vector{0.01, 0.04, 0.03, 0.005}),
              testing::ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12), DoubleNear(0.06, 1e-12),
                                   DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(HolmAdjusted({}), testing::IsEmpty());
}

TEST(PairedTest, BootstrapTellsAShiftFromNone) {
  std::vector<double> shifted, level;
  for (int i = 0; i < 101; ++i) {
    shifted.push_back(100 + i);
    level.push_back(i - 50);
  }
  const auto difference = BootstrapMedian(shifted);
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->median, 150);
  EXPECT_GT(difference->low, 130);
  EXPECT_LT(difference->high, 170);
  EXPECT_LT(difference->low, 150);
  const auto none = BootstrapMedian(level);
  EXPECT_TRUE(none->low < 0 && none->high > 0);
  EXPECT_EQ(BootstrapMedian(level)->low, none->low);
}

// Every resample of seven pairs, one after the other: 7^7 medians.
TEST(PairedTest, TheIntervalIsThatOfAllResamples) {
  const std::vector<double> differences = {40, -3, 7, 12, -20, 5, 9};
  std::vector<double> medians;
  for (int resample = 0; resample < 823'543; ++resample) {
    std::vector<double> drawn;
    for (int digits = resample, i = 0; i < 7; ++i, digits /= 7) {
      drawn.push_back(differences[static_cast<size_t>(digits % 7)]);
    }
    std::ranges::nth_element(drawn, drawn.begin() + 3);
    medians.push_back(drawn[3]);
  }
  std::ranges::sort(medians);
  const auto told = BootstrapMedian(differences);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->median, 7);
  EXPECT_EQ(told->low, medians[static_cast<size_t>(0.025 * 823'543)]);
  EXPECT_EQ(told->high, medians[static_cast<size_t>(0.975 * 823'543)]);
}

TEST(PairedTest, TheMedianOfAnEvenNumberLiesBetweenTheTwo) {
  EXPECT_EQ(Median(std::vector<double>{4, 1, 3, 10}), 3.5);
  EXPECT_EQ(Median(std::vector<double>{2}), 2);
  EXPECT_EQ(BootstrapMedian(std::vector<double>{6, 5, 4, 3, 2, 1})->median, 3.5);
}

TEST(PairedTest, FivePairsAreTooFewToTell) {
  EXPECT_FALSE(BootstrapMedian(std::vector<double>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(BootstrapMedian(std::vector<double>{1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace ftl::analytics
