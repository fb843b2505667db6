#include "services/analytics/history/rollup.h"

#include <gtest/gtest.h>

#include "common/history/latency_bucket.h"
#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2026, 11, 27, 14, 35, 12), absl::UTCTimeZone());
absl::Time At(int day, int hour = 0) {
  return absl::FromCivil(absl::CivilSecond(2026, 11, day, hour, 0, 0), absl::UTCTimeZone());
}

Rollup Successes(absl::Time starts_at, std::string model, std::vector<absl::Duration> latencies) {
  Rollup rollup{.starts_at = starts_at, .service = "openai", .model = std::move(model), .status = "success"};
  rollup.latency_buckets.resize(400);
  for (const absl::Duration latency : latencies) {
    ++rollup.requests;
    ++rollup.with_latency;
    rollup.latency_us += absl::ToInt64Microseconds(latency);
    ++rollup.latency_buckets[static_cast<size_t>(BucketOf(latency)) - 1];
  }
  rollup.with_tokens = rollup.requests;
  rollup.prompt_tokens = 10 * rollup.requests;
  rollup.completion_tokens = 20 * rollup.requests;
  return rollup;
}

TEST(RollupTest, SevenDaysAreTodayAndTheSixBefore) {
  const RollupWindow window = LastDays(7, kNow);
  EXPECT_EQ(window.from, At(21));
  EXPECT_FALSE(window.by_hour);
}

TEST(RollupTest, OneDayIsTheLastTwentyFourHoursByTheHour) {
  const RollupWindow window = LastDays(1, kNow);
  EXPECT_EQ(window.from, At(26, 14));
  EXPECT_TRUE(window.by_hour);
}

TEST(RollupTest, NothingCountedHasNoMeansAndNoRates) {
  const auto figures = FiguresOf({}, LastDays(7, kNow));
  EXPECT_EQ(figures.total_requests(), 0);
  EXPECT_FALSE(figures.has_avg_response_time() || figures.has_p99_response_time() || figures.has_error_rate());
  EXPECT_FALSE(figures.has_cost() || figures.has_avg_tokens_per_request() || figures.ttft().has_avg());
  EXPECT_EQ(figures.series_size(), 0);
}

TEST(RollupTest, AddsUpWhatDaysCounted) {
  std::vector<Rollup> rollups = {
      Successes(At(21), "a", {absl::Milliseconds(100), absl::Milliseconds(300)}),
      Successes(At(22), "b", {absl::Milliseconds(200)}),
      Successes(At(22), "a", {absl::Milliseconds(1000)}),
      {.starts_at = At(27), .service = "cohere", .model = "c", .status = "error", .error_type = "auth", .requests = 3},
      {.starts_at = At(27),
       .service = "cohere",
       .model = "c",
       .status = "interrupted",
       .error_type = "unknown",
       .requests = 1},
      {.starts_at = At(27), .service = "cohere", .model = "c", .status = "cancelled", .requests = 2}};
  rollups[1].cost_nanos = 1'500'000;
  rollups[1].with_cost = 1;
  const auto figures = FiguresOf(rollups, LastDays(7, kNow));
  EXPECT_EQ(figures.total_requests(), 10);
  EXPECT_EQ(FromProto(figures.avg_response_time()), absl::Milliseconds(400));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(FromProto(figures.p50_response_time())), 200, 200 / 32.0);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(FromProto(figures.p99_response_time())), 1000, 1000 / 32.0);
  EXPECT_DOUBLE_EQ(figures.error_rate(), 50) << "four of the eight that nobody stopped";
  EXPECT_EQ(figures.total_tokens(), 120);
  EXPECT_DOUBLE_EQ(figures.avg_tokens_per_request(), 30);
  EXPECT_DOUBLE_EQ(figures.cost(), 0.0015);
  EXPECT_EQ(figures.requests_without_price(), 3);
  EXPECT_EQ(figures.requests_by_model().at("a"), 3);
  EXPECT_EQ(figures.requests_by_provider().at("cohere"), 6);
  EXPECT_EQ(figures.errors_by_type().at("auth"), 3);
  EXPECT_EQ(figures.errors_by_type().at("interrupted"), 1);
  ASSERT_EQ(figures.series_size(), 3);
  EXPECT_EQ(FromProto(figures.series(0).starts_at()), At(21));
  EXPECT_EQ(figures.series(2).errors(), 4);
  EXPECT_FALSE(figures.series(2).has_avg_response_time());
}

}  // namespace
}  // namespace ftl::analytics
