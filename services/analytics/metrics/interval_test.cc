#include "services/analytics/metrics/interval.h"

#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

TEST(IntervalTest, AgreesWithPublishedValues) {
  const Interval nine_of_ten = WilsonInterval(9, 10);
  EXPECT_NEAR(nine_of_ten.low, 0.5958, 0.0001);
  EXPECT_NEAR(nine_of_ten.high, 0.9821, 0.0001);
}

TEST(IntervalTest, StaysWithinZeroAndOne) {
  EXPECT_EQ(WilsonInterval(0, 3).low, 0);
  EXPECT_EQ(WilsonInterval(3, 3).high, 1);
  EXPECT_GT(WilsonInterval(0, 3).high, 0.5);
}

}  // namespace
}  // namespace ftl::analytics
