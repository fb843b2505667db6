#include "services/analytics/performance/performance_span.h"

#include <gtest/gtest.h>

#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'005);

pb::GetPerformanceHistoryRequest Over(absl::Duration time, int step = 0) {
  pb::GetPerformanceHistoryRequest request;
  *request.mutable_from() = ToProto(kNow - time);
  if (step != 0) request.set_step(step);
  return request;
}

TEST(PerformanceSpanTest, AnswersForManyMinutesFromLongRows) {
  pb::GetPerformanceSummaryRequest request;
  EXPECT_EQ(SpanOf(request, kNow)->grain_s, 60);
  EXPECT_EQ(SpanOf(request, kNow)->from, absl::FromUnixSeconds(1'800'000'000 - 3600));
  request.set_minutes(15);
  EXPECT_EQ(SpanOf(request, kNow)->grain_s, 10);
  request.set_minutes(43'200);
  EXPECT_EQ(SpanOf(request, kNow)->grain_s, 3600);
  for (const int minutes : {0, -1, 43'201}) {
    request.set_minutes(minutes);
    EXPECT_FALSE(SpanOf(request, kNow).ok()) << minutes;
  }
}

TEST(PerformanceSpanTest, TakesStepsThatGiveFewPoints) {
  EXPECT_EQ(SpanOf(pb::GetPerformanceHistoryRequest(), kNow)->step_s, 30) << "an hour";
  EXPECT_EQ(SpanOf(Over(absl::Minutes(30)), kNow)->step_s, 10);
  EXPECT_EQ(SpanOf(Over(absl::Hours(24 * 7)), kNow)->step_s, 1800);
  EXPECT_EQ(SpanOf(Over(absl::Hours(24 * 7)), kNow)->grain_s, 60);
  EXPECT_EQ(SpanOf(Over(absl::Hours(24 * 30)), kNow)->step_s, 10800);
  EXPECT_EQ(SpanOf(Over(absl::Hours(24 * 30)), kNow)->grain_s, 3600);
}

TEST(PerformanceSpanTest, RefusesStepsThatNoRowsHaveAndTooManyOfThem) {
  for (const int step : {1, 9, 15, 605, 610, 36'060, 86'410}) {
    EXPECT_FALSE(SpanOf(Over(absl::Hours(1), step), kNow).ok()) << step;
  }
  for (const int step : {10, 90, 600, 660, 39'600, 86'400}) {
    EXPECT_TRUE(SpanOf(Over(absl::Hours(1), step), kNow).ok()) << step;
  }
  EXPECT_TRUE(SpanOf(Over(absl::Seconds(9990), 10), kNow).ok());
  EXPECT_FALSE(SpanOf(Over(absl::Seconds(10'010), 10), kNow).ok());
  EXPECT_FALSE(SpanOf(Over(absl::ZeroDuration()), kNow).ok());
  EXPECT_FALSE(SpanOf(Over(absl::Hours(24 * 366 * 10)), kNow).ok());
}

}  // namespace
}  // namespace ftl::analytics
