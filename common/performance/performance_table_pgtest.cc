#include "common/performance/performance_table.h"

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include "common/performance/recorder.h"
#include "common/performance/sampler.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::performance {
namespace {

constexpr const char* kProcess = "0b1f4c52-6f0c-4f6e-9d3c-111111111111";

Deadline Soon() { return DeadlineIn(absl::Seconds(10)); }

pb::PerformanceRow Reading(absl::Time at, int64_t requests) {
  pb::PerformanceRow row;
  row.set_grain_s(10);
  row.mutable_starts_at()->set_seconds(absl::ToUnixSeconds(at) / 10 * 10);
  row.set_process(kProcess);
  row.set_program("finetunelab");
  row.set_host("here");
  row.set_readings(1);
  row.set_cpu_percent(12.5);
  row.set_requests(requests);
  pb::CallCount& count = *row.add_by_route();
  count.set_name("GET /health");
  count.set_requests(requests);
  count.set_seconds(0.25);
  return row;
}

class PerformanceTableTest : public testing::Test {
 protected:
  absl::Status Put(std::vector<pb::PerformanceRow> rows) { return Await(io_, table_.Put(Soon(), std::move(rows))); }
  Rows AsRoot(std::string_view sql) {
    Database superuser(io_.get_executor(), {.url = test_database_.url()});
    return *Await(io_, superuser.Run(Soon(), SessionScope::None(), Query{"", sql}));
  }
  int64_t Number(std::string_view sql) { return AsRoot(sql).Only().Get<int64_t>("n"); }

  TestDatabase test_database_;
  asio::io_context io_;
  Database database_{io_.get_executor(), test_database_.As("ftl_export")};
  PerformanceTable table_{database_};
};

TEST_F(PerformanceTableTest, KeepsARowAndReplacesIt) {
  const absl::Time now = absl::Now();
  ASSERT_TRUE(Put({Reading(now, 3)}).ok());
  ASSERT_TRUE(Put({Reading(now, 5), Reading(now - absl::Seconds(10), 1)}).ok());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics"), 2);
  EXPECT_EQ(Number("SELECT max(requests) AS n FROM performance_metrics"), 5);
  EXPECT_EQ(Number("SELECT (by_route->0->>'requests')::bigint AS n FROM performance_metrics WHERE requests = 5"), 5);
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics WHERE cpu_percent = 12.5 AND memory_percent IS NULL"),
            2)
      << "what was not read is absent";
}

TEST_F(PerformanceTableTest, TakesOutWhatIsOlderThan30Days) {
  AsRoot(R"(
    INSERT INTO performance_metrics (grain_s, starts_at, process, program, host, readings, requests, errors, rpcs, gpus, by_route,
                                     by_rpc, slowest)
    SELECT grain, now() - interval '30 days' - n * interval '1 hour' + interval '30 minutes', gen_random_uuid(), 'x', 'x', 1,
           0, 0, 0, '[]', '[]', '[]', '[]'
    FROM unnest(ARRAY[10, 60, 3600]) grain, generate_series(0, 149) n)");
  ASSERT_TRUE(Put({Reading(absl::Now(), 1)}).ok());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics WHERE grain_s = 3600"), 50) << "a hundred at a time";
  ASSERT_TRUE(Put({Reading(absl::Now(), 1)}).ok());
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics WHERE starts_at < now() - interval '30 days'"), 0);
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics WHERE program = 'x'"), 3) << "no younger ones";
}

TEST_F(PerformanceTableTest, IsWrittenByEachServiceAndReadByNobodyElse) {
  for (const char* role : {"ftl_session_vault", "ftl_batch_runner", "ftl_analytics", "ftl_export"}) {
    Database database(io_.get_executor(), test_database_.As(role));
    EXPECT_TRUE(Await(io_, PerformanceTable(database).Put(Soon(), {Reading(absl::Now(), 1)})).ok()) << role;
  }
  Database lookup(io_.get_executor(), test_database_.As("ftl_lookup"));
  EXPECT_FALSE(
      Await(io_, lookup.Run(Soon(), SessionScope::None(), Query{"", "SELECT 1 FROM performance_metrics"})).ok());
}

TEST_F(PerformanceTableTest, HasWhatThisProcessReadsOfItself) {
  Sampler sampler;
  ASSERT_TRUE(Put({sampler.Read(absl::Now())}).ok());
  EXPECT_EQ(
      Number("SELECT count(*) AS n FROM performance_metrics WHERE cpu_percent BETWEEN 0 AND 100 AND memory_percent > 0 "
             "AND disk_percent > 0 AND resident_bytes > 1e6 AND program LIKE '%pgtest%'"),
      1);
}

TEST_F(PerformanceTableTest, IsWrittenOnceForAProcessHoweverManyRecord) {
  {
    const Recorder first(test_database_.As("ftl_export"));
    const Recorder second(test_database_.As("ftl_analytics"));
    for (const Deadline end = DeadlineIn(absl::Seconds(15)); TimeLeft(end) > absl::ZeroDuration();) {
      absl::SleepFor(absl::Milliseconds(250));
      if (Number("SELECT count(*) AS n FROM performance_metrics") > 0) break;
    }
  }
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics WHERE grain_s = 10"), 1);
  EXPECT_EQ(Number("SELECT count(DISTINCT process) AS n FROM performance_metrics"), 1);
  EXPECT_EQ(Number("SELECT count(*) AS n FROM performance_metrics"), 3) << "and its minute and its hour";
}

}  // namespace
}  // namespace ftl::performance
