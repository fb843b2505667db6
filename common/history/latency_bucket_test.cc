#include "common/history/latency_bucket.h"

#include <gtest/gtest.h>

namespace ftl {
namespace {

TEST(LatencyBucketTest, TellsEverySpanWithinItsBound) {
  for (int64_t micros = 1; micros < 3'600'000'000; micros += 1 + micros / 50) {
    const absl::Duration span = absl::Microseconds(micros);
    const absl::Duration told = MiddleOfBucket(BucketOf(span));
    EXPECT_LE(absl::AbsDuration(told - span), std::max(span / 32, absl::Microseconds(50)))
        << span << " told as " << told;
  }
}

TEST(LatencyBucketTest, LeavesNoGapBetweenBuckets) {
  int last = BucketOf(absl::ZeroDuration());
  EXPECT_EQ(last, 1);
  for (int64_t micros = 0; micros < 100'000'000; micros += 100) {
    const int bucket = BucketOf(absl::Microseconds(micros));
    ASSERT_TRUE(bucket == last || bucket == last + 1) << micros;
    last = bucket;
  }
  EXPECT_EQ(BucketOf(absl::Hours(2)), BucketOf(absl::Hours(1)));
}

TEST(LatencyBucketTest, FindsQuantilesByNearestRank) {
  std::vector<int64_t> counts(200);
  EXPECT_EQ(QuantileOf(counts, 0.5), std::nullopt);
  for (int ms = 1; ms <= 100; ++ms) ++counts[BucketOf(absl::Milliseconds(ms)) - 1];
  for (const auto& [share, truth] : {std::pair(0.5, 50), {0.95, 95}, {0.99, 99}, {0.0, 1}, {1.0, 100}}) {
    const absl::Duration told = *QuantileOf(counts, share);
    EXPECT_NEAR(absl::ToDoubleMilliseconds(told), truth, truth / 32.0 + 0.05);
  }
}

}  // namespace
}  // namespace ftl
