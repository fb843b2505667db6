#include "services/analytics/performance/performance.h"

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/performance/performance_table.h"
#include "common/performance/rolled_up.h"
#include "common/time/proto_time.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::analytics {
namespace {

constexpr const char* kFirst = "0b1f4c52-6f0c-4f6e-9d3c-111111111111";
constexpr const char* kSecond = "0b1f4c52-6f0c-4f6e-9d3c-222222222222";
constexpr const char* kElsewhere = "0b1f4c52-6f0c-4f6e-9d3c-333333333333";

Deadline Soon() { return DeadlineIn(absl::Seconds(10)); }

pb::PerformanceRow Reading(absl::Time at, const char* process, const char* host, double cpu) {
  pb::PerformanceRow row;
  row.set_grain_s(10);
  row.mutable_starts_at()->set_seconds(absl::ToUnixSeconds(at) / 10 * 10);
  row.set_process(process);
  row.set_program("finetunelab");
  row.set_host(host);
  row.set_readings(1);
  row.set_cpu_percent(cpu);
  row.set_cpu_percent_max(cpu);
  row.set_process_cpu_percent(50);
  row.set_resident_bytes(1000);
  return row;
}

void Answered(pb::PerformanceRow& row, int64_t requests, double slowest) {
  row.set_requests(requests);
  row.set_errors(1);
  row.set_rpcs(2 * requests);
  pb::CallCount& route = *row.add_by_route();
  route.set_name("GET /health");
  route.set_requests(requests);
  route.set_errors(1);
  route.set_seconds(0.25 * static_cast<double>(requests));
  pb::CallCount& rpc = *row.add_by_rpc();
  rpc.set_name("GetRun");
  rpc.set_requests(2 * requests);
  pb::SlowCall& slow = *row.add_slowest();
  slow.set_name("GET /health");
  slow.set_status(200);
  slow.set_seconds(slowest);
  *slow.mutable_ended_at() = row.starts_at();
  slow.set_request_id("r-1");
}

class PerformanceTest : public testing::Test {
 protected:
  void Put(std::vector<pb::PerformanceRow> rows) {
    const absl::Status put = Await(io_, table_.Put(Soon(), std::move(rows)));
    ASSERT_TRUE(put.ok()) << put;
  }
  absl::StatusOr<pb::PerformanceSummary> Summarize(int minutes) {
    pb::GetPerformanceSummaryRequest request;
    request.set_minutes(minutes);
    return Await(io_, performance_.Summarize(OwnCall(absl::Seconds(10)), request));
  }
  absl::StatusOr<pb::PerformanceHistory> Follow(absl::Time from, absl::Time to, int step) {
    pb::GetPerformanceHistoryRequest request;
    *request.mutable_from() = ToProto(from);
    *request.mutable_to() = ToProto(to);
    request.set_step(step);
    return Await(io_, performance_.Follow(OwnCall(absl::Seconds(10)), request));
  }

  TestDatabase test_database_;
  asio::io_context io_;
  Database database_{io_.get_executor(), test_database_.As("ftl_analytics")};
  performance::PerformanceTable table_{database_};
  Performance performance_{database_};
};

TEST_F(PerformanceTest, KnowsNothingWhereNobodyHasRead) {
  const auto summary = Summarize(60);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_FALSE(summary->has_cpu());
  EXPECT_FALSE(summary->has_gpu());
  EXPECT_EQ(summary->requests(), 0);
  EXPECT_EQ(summary->processes_size(), 0);
  EXPECT_EQ(Follow(absl::Now() - absl::Hours(1), absl::Now(), 60)->points_size(), 0);
}

TEST_F(PerformanceTest, TakesTheMeanOverMachinesAndTheSumOverProcesses) {
  const absl::Time now = absl::Now();
  // Two processes of one machine read the same machine.
  pb::PerformanceRow first = Reading(now, kFirst, "a", 20);
  Answered(first, 4, 0.5);
  pb::PerformanceRow elsewhere = Reading(now, kElsewhere, "b", 80);
  Answered(elsewhere, 6, 2.5);
  pb::GpuReading& gpu = *elsewhere.add_gpus();
  gpu.set_name("T4");
  gpu.set_usage_percent(70);
  elsewhere.set_gpu_percent(70);
  Put({first, Reading(now, kSecond, "a", 20), elsewhere});
  const auto summary = Summarize(10);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->cpu().avg_percent(), 50);
  EXPECT_EQ(summary->cpu().max_percent(), 80);
  EXPECT_TRUE(summary->cpu().has_usage_percent());
  EXPECT_FALSE(summary->has_memory()) << "nobody has read it";
  EXPECT_EQ(summary->gpu().avg_percent(), 70);
  ASSERT_EQ(summary->gpus_size(), 1);
  EXPECT_EQ(summary->gpus(0).host(), "b");
  EXPECT_EQ(summary->requests(), 10);
  EXPECT_EQ(summary->errors(), 2);
  EXPECT_EQ(summary->rpcs(), 20);
  ASSERT_EQ(summary->requests_by_route_size(), 1);
  EXPECT_EQ(summary->requests_by_route(0).requests(), 10);
  EXPECT_EQ(FromProto(summary->requests_by_route(0).avg()), absl::Milliseconds(250));
  EXPECT_EQ(summary->requests_by_rpc(0).requests(), 20);
  ASSERT_EQ(summary->slowest_calls_size(), 2);
  EXPECT_EQ(FromProto(summary->slowest_calls(0).duration()), absl::Seconds(2.5));
  EXPECT_EQ(summary->processes_size(), 3);

  const auto history = Follow(now - absl::Minutes(1), now + absl::Seconds(10), 60);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->points_size(), 0) << "there are no rows by the minute";
  const auto course = Follow(now - absl::Minutes(1), now + absl::Seconds(10), 10);
  ASSERT_EQ(course->points_size(), 1);
  const pb::PerformancePoint& point = course->points(0);
  EXPECT_EQ(point.cpu_usage_percent(), 50);
  EXPECT_EQ(point.process_cpu_percent(), 150);
  EXPECT_EQ(point.resident_bytes(), 3000);
  EXPECT_EQ(point.requests(), 10);
  EXPECT_FALSE(point.has_memory_usage_percent());
}

TEST_F(PerformanceTest, CountsTheSameByTenSecondsAndByTheMinute) {
  performance::RolledUp rolled_up;
  const absl::Time begin = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) / 3600 * 3600) - absl::Hours(1);
  for (int n = 0; n < 30; ++n) {
    pb::PerformanceRow row = Reading(begin + absl::Seconds(10 * n), kFirst, "a", n);
    Answered(row, 3, n);
    Put(rolled_up.With(row));
  }
  const absl::Time end = begin + absl::Minutes(5);
  for (const int step : {10, 60, 3600}) {
    const auto history = Follow(begin, end, step);
    ASSERT_TRUE(history.ok()) << history.status();
    ASSERT_EQ(history->points_size(), step == 3600 ? 1 : 300 / step);
    int64_t requests = 0;
    double cpu = 0;
    for (const pb::PerformancePoint& point : history->points()) {
      requests += point.requests();
      cpu += point.cpu_usage_percent() / history->points_size();
    }
    EXPECT_EQ(requests, 90) << step;
    EXPECT_NEAR(cpu, 14.5, 1e-9) << step;
  }
  const auto summary = Summarize(180);
  EXPECT_EQ(summary->requests(), 90);
  EXPECT_EQ(summary->cpu().max_percent(), 29);
  EXPECT_FALSE(summary->cpu().has_usage_percent()) << "the last reading is old";
  EXPECT_EQ(summary->processes_size(), 0);
  EXPECT_EQ(summary->slowest_calls_size(), 10);
}

}  // namespace
}  // namespace ftl::analytics
