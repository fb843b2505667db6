#include "common/performance/rolled_up.h"

#include <gtest/gtest.h>

namespace ftl::performance {
namespace {

constexpr int64_t kHour = 3600 * 500'000;

pb::PerformanceRow Reading(int64_t at, double cpu, int64_t requests) {
  pb::PerformanceRow row;
  row.set_grain_s(10);
  row.mutable_starts_at()->set_seconds(at);
  row.set_process("p");
  row.set_readings(1);
  row.set_cpu_percent(cpu);
  row.set_cpu_percent_max(cpu);
  row.set_requests(requests);
  pb::CallCount& count = *row.add_by_route();
  count.set_name("GET /health");
  count.set_requests(requests);
  count.set_seconds(0.5);
  return row;
}

TEST(RolledUpTest, TellsTheMinuteAndTheHourSoFar) {
  RolledUp rolled_up;
  rolled_up.With(Reading(kHour, 10, 1));
  pb::PerformanceRow blind = Reading(kHour + 10, 0, 2);
  blind.clear_cpu_percent();
  blind.clear_cpu_percent_max();
  rolled_up.With(blind);
  rolled_up.With(Reading(kHour + 50, 40, 4));
  const std::vector<pb::PerformanceRow> rows = rolled_up.With(Reading(kHour + 60, 20, 8));

  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].grain_s(), 10);
  EXPECT_EQ(rows[0].requests(), 8);
  EXPECT_EQ(rows[1].grain_s(), 60);
  EXPECT_EQ(rows[1].starts_at().seconds(), kHour + 60);
  EXPECT_EQ(rows[1].readings(), 1);
  EXPECT_EQ(rows[1].cpu_percent(), 20);
  EXPECT_EQ(rows[2].grain_s(), 3600);
  EXPECT_EQ(rows[2].starts_at().seconds(), kHour);
  EXPECT_EQ(rows[2].process(), "p");
  EXPECT_EQ(rows[2].readings(), 4);
  EXPECT_EQ(rows[2].cpu_percent_max(), 40);
  EXPECT_EQ(rows[2].requests(), 15);
  ASSERT_EQ(rows[2].by_route_size(), 1);
  EXPECT_EQ(rows[2].by_route(0).requests(), 15);
  EXPECT_EQ(rows[2].by_route(0).seconds(), 2);
}

TEST(RolledUpTest, LeavesAMeanToTheReadingsThatHaveIt) {
  RolledUp rolled_up;
  pb::PerformanceRow blind = Reading(kHour, 0, 0);
  blind.clear_cpu_percent();
  EXPECT_FALSE(rolled_up.With(blind)[1].has_cpu_percent());
  EXPECT_EQ(rolled_up.With(Reading(kHour + 10, 30, 0))[1].cpu_percent(), 30);
}

TEST(RolledUpTest, BeginsAnHourAnew) {
  RolledUp rolled_up;
  rolled_up.With(Reading(kHour, 10, 1));
  const std::vector<pb::PerformanceRow> rows = rolled_up.With(Reading(kHour + 3600, 30, 2));
  EXPECT_EQ(rows[2].readings(), 1);
  EXPECT_EQ(rows[2].requests(), 2);
  EXPECT_EQ(rows[2].by_route(0).requests(), 2);
}

}  // namespace
}  // namespace ftl::performance
