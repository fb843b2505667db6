#include "common/performance/slow_calls.h"

#include <gtest/gtest.h>

namespace ftl::performance {
namespace {

TEST(SlowCallsTest, KeepsTheSlowestUntilTheyAreTaken) {
  SlowCalls calls;
  for (const int seconds : {5, 1, 9, 3, 12, 7, 2, 11, 4, 10, 6, 8}) {
    pb::SlowCall call;
    call.set_seconds(seconds);
    calls.Offer(call);
  }
  const std::vector<pb::SlowCall> taken = calls.Take();
  ASSERT_EQ(taken.size(), kMostSlowCalls);
  EXPECT_EQ(taken.front().seconds(), 12);
  EXPECT_EQ(taken.back().seconds(), 3);
  EXPECT_TRUE(calls.Take().empty());
}

}  // namespace
}  // namespace ftl::performance
