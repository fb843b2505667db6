// How fast an endpoint may be called, by all processes together.
#include "services/batch-runner/store/work_store_fixture.h"

#include <numeric>

namespace ftl::batch_runner {
namespace {

using PaceTest = WorkStoreTest;

TEST_F(PaceTest, ThrottlingHalvesTheCallsOfAllProcessesOnceForABurstAndGoodAnswersGiveThemBack) {
  const RunKey run = StartRun(100);
  const absl::Time burst = absl::Now() - absl::Milliseconds(100);
  const WorkStore::Request slow{.wants_more = true, .busy = true, .concurrency = 32, .pace = {.throttled = burst}};
  auto step = Advance(mine_, run, slow);
  EXPECT_EQ(step.slots, 16);
  EXPECT_TRUE(step.slowed);
  step = Advance(theirs_, run, slow);
  EXPECT_NE(step.fence, 0);
  EXPECT_EQ(step.slots, 0) << "the same burst; the first holds all sixteen";
  step = Advance(mine_, run, {.wants_more = true, .concurrency = 32, .pace = {.good = 16}});
  EXPECT_EQ(step.slots, 9) << "half of seventeen, rounded up";
  ASSERT_TRUE(Await(io_, theirs_.Leave(Soon(), run)).ok());
  for (int allowed = 17; allowed < 32; ++allowed) {
    step = Advance(mine_, run, {.wants_more = true, .concurrency = 32, .pace = {.good = allowed}});
  }
  EXPECT_EQ(step.slots, 32);
  EXPECT_FALSE(step.slowed);
}

TEST_F(PaceTest, CallsAMinuteAreDrawnFromOneCountByAllProcesses) {
  const RunKey run = StartRun(10);
  const WorkStore::Request request{.wants_more = true, .concurrency = 4, .per_minute = 60};
  const auto first = Advance(mine_, run, request);
  EXPECT_EQ(first.leased.size(), 1u);
  EXPECT_GT(first.pause, absl::Milliseconds(800));
  ASSERT_TRUE(Await(io_, mine_.Leave(Soon(), run)).ok());
  const auto other = Advance(theirs_, run, request);
  EXPECT_EQ(other.slots, 4);
  EXPECT_THAT(other.leased, testing::IsEmpty());
  test_database_.Execute("UPDATE demo_endpoint_pace SET next_call_at = now() - interval '1 hour'");
  EXPECT_EQ(Advance(theirs_, run, {.wants_more = true, .concurrency = 4, .per_minute = 60}).leased.size(), 1u)
      << "a rest gives no burst";
}

TEST_F(PaceTest, ASecondAttemptTakesItsTurnInTheSameCount) {
  const RunKey run = StartRun(10);
  const WorkStore::Request request{.wants_more = true, .concurrency = 4, .per_minute = 60};
  EXPECT_EQ(Advance(mine_, run, request).leased.size(), 1u);
  const auto second = Await(io_, mine_.DrawCall(Soon(), run, 60));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(*second, absl::Milliseconds(500));
  EXPECT_LE(*second, absl::Seconds(1));
  EXPECT_GT(*Await(io_, theirs_.DrawCall(Soon(), run, 60)), absl::Milliseconds(1500));
  const auto step = Advance(mine_, run, {.held = {1}, .wants_more = true, .concurrency = 4, .per_minute = 60});
  EXPECT_THAT(step.leased, testing::IsEmpty());
  EXPECT_GT(step.pause, absl::Milliseconds(2500)) << "three requests are counted";
}

TEST_F(PaceTest, ADoorIsClosedForAllAndTheRowOfWaitsEndsWithAnAnswer) {
  DoorStore doors(database_);
  const auto list = [&] { return *Await(io_, doors.List(Soon())); };
  ASSERT_TRUE(Await(io_, doors.Close(Soon(), "a", absl::Seconds(60))).ok());
  ASSERT_TRUE(Await(io_, doors.Close(Soon(), "a", absl::Seconds(5))).ok());
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list()[0].pace_key, "a");
  EXPECT_GT(list()[0].opens, absl::Seconds(50)) << "the longer wait stands";
  EXPECT_GT(list()[0].waiting, absl::ZeroDuration());
  test_database_.Execute(
      "UPDATE demo_endpoint_doors SET closed_until = now(), waiting_since = now() - interval '1 min'");
  ASSERT_TRUE(Await(io_, doors.Close(Soon(), "a", absl::Seconds(5))).ok());
  EXPECT_GT(list()[0].waiting, absl::Seconds(59)) << "nobody was answered in between";
  test_database_.Execute("UPDATE demo_endpoint_doors SET closed_until = now()");
  ASSERT_TRUE(Await(io_, doors.Answered(Soon(), "a")).ok());
  EXPECT_EQ(list()[0].waiting, absl::ZeroDuration());
  test_database_.Execute("UPDATE demo_endpoint_doors SET closed_until = now() - interval '11 minutes'");
  EXPECT_THAT(list(), testing::IsEmpty()) << "it outlives no session for long";
}

}  // namespace
}  // namespace ftl::batch_runner
