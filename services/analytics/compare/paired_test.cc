#include "services/analytics/compare/paired.h"

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

TEST(PairedTest, FivePairsAreTooFewToTell) {
  EXPECT_FALSE(BootstrapMedian(std::vector<double>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(BootstrapMedian(std::vector<double>{1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace ftl::analytics
