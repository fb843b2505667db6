#include "services/batch-runner/run/lookout.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/observe/metrics.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

class LookoutTest : public testing::Test {
 protected:
  WatchedRun AddRun(const std::string& session) {
    WatchedRun run{session, NewUuid()};
    test_database_.Execute(fmt::format(
        "INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, model_name, "
        "total_prompts, "
        "status, completed_at) VALUES ('{0}', '{1}', '{0}', gen_random_uuid(), 'Model', 2, 'cancelled', now())",
        run.session, run.test_run_id));
    return run;
  }

  // A watcher that has read how the run stands.
  std::unique_ptr<Feed::Watch> Watch(const WatchedRun& run) {
    auto watch = std::make_unique<Feed::Watch>(feed_, run.session, run.test_run_id);
    pb::Run read;
    read.set_status(pb::RUN_STATUS_CANCELLED);
    watch->Read(read);
    return watch;
  }
  // Whether the watcher is sent to look within `time`.
  bool IsSent(Feed::Watch& watch, absl::Duration time) {
    auto next = [&]() -> asio::awaitable<bool> { co_return (co_await watch.Next(DeadlineIn(time))).look; };
    return Await(io_, next());
  }

  TestDatabase test_database_;
  const std::string session_ = test_database_.AddSession('a');
  asio::io_context io_;
  Database reads_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("lookout", 1)};
  RunStore runs_{reads_};
  Feed feed_{io_.get_executor()};
  Lookout lookout_{io_.get_executor(), runs_, feed_};
};

TEST_F(LookoutTest, AsksOnceASecondForAllWhoWatchAndNotAtAllForNobody) {
  const auto asked = [](int times) {
    return testing::HasSubstr(
        fmt::format("ftl_database_wait_seconds_count{{application=\"tests\",lane=\"lookout\"}} {}\n", times));
  };
  lookout_.Start();
  const WatchedRun run = AddRun(session_);
  { const auto nobody = Watch(run); }
  auto rest = [&]() -> asio::awaitable<bool> {
    asio::steady_timer timer(io_, std::chrono::milliseconds(1500));
    co_await timer.async_wait(asio::use_awaitable);
    co_return true;
  };
  Await(io_, rest());
  EXPECT_THAT(metrics::Exposition(), asked(0));

  std::vector<std::unique_ptr<Feed::Watch>> watches;
  for (int i = 0; i < 100; ++i) watches.push_back(Watch(i % 2 == 0 ? run : AddRun(session_)));
  EXPECT_FALSE(IsSent(*watches[0], absl::Milliseconds(2000))) << "nothing has happened";
  EXPECT_THAT(metrics::Exposition(), asked(2));
  lookout_.Stop();
}

TEST_F(LookoutTest, SendsThoseToLookWhoseRunHasMovedOrWhoseSessionIsOver) {
  const std::string other = test_database_.AddSession('b');
  const auto moved = AddRun(session_), still = AddRun(session_), over = AddRun(other),
             never = WatchedRun{other, NewUuid()};
  const auto watches_moved = Watch(moved), watches_still = Watch(still), watches_over = Watch(over),
             watches_never = Watch(never);
  test_database_.Execute(fmt::format(
      "UPDATE demo_batch_test_runs SET completed_prompts = 1, last_sequence = 1 WHERE id = '{}';"
      "UPDATE demo_session_expiry SET expires_at = now() WHERE demo_session_id = '{}';"
      "UPDATE demo_session_expiry SET abandon_at = now() + interval '1 minute' WHERE demo_session_id = '{}'",
      moved.test_run_id, other, session_));
  lookout_.Start();
  EXPECT_TRUE(IsSent(*watches_moved, absl::Seconds(3)));
  EXPECT_FALSE(IsSent(*watches_still, absl::Milliseconds(100)));
  EXPECT_TRUE(IsSent(*watches_over, absl::Milliseconds(100)));
  EXPECT_TRUE(IsSent(*watches_never, absl::Milliseconds(100)));
  lookout_.Stop();
  Database superuser(io_.get_executor(), {.url = test_database_.url()});
  const auto rows = Await(io_, superuser.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(),
                                             {"", "SELECT count(abandon_at) AS abandoned FROM demo_session_expiry"}));
  EXPECT_EQ(rows->Only().Get<int64_t>("abandoned"), 0) << "who is watched is not abandoned";
}

TEST_F(LookoutTest, SendsEverybodyToLookWhileTheDatabaseIsAway) {
  const auto watch = Watch(AddRun(session_));
  lookout_.Start();
  TestCluster::Get().Stop();
  EXPECT_TRUE(IsSent(*watch, absl::Seconds(3)));
  TestCluster::Get().Start();
  lookout_.Stop();
}

}  // namespace
}  // namespace ftl::batch_runner
