#include "services/batch-runner/store/work_store.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/metrics.h"
#include "services/batch-runner/store/door_store.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

Deadline Soon() { return DeadlineIn(absl::Seconds(10)); }

class WorkStoreTest : public testing::Test {
 protected:
  RunKey StartRun(int prompts) {
    RunPlan plan;
    plan.suite_id = NewUuid();
    plan.suite_name = "Suite";
    plan.difficulty = pb::DIFFICULTY_EASY;
    plan.parameters.set_concurrency(4);
    for (int i = 1; i <= prompts; ++i) {
      pb::Prompt prompt;
      prompt.set_prompt("prompt " + std::to_string(i));
      prompt.add_checks()->set_kind(pb::CHECK_KIND_IS_JSON);
      plan.prompts.push_back(prompt);
    }
    const auto run = Await(io_, runs_.Create(OwnCall(absl::Seconds(10)), session_, "Model", std::move(plan), {}));
    EXPECT_TRUE(run.ok()) << run.status();
    return {session_, run->id()};
  }

  WorkStore::Step Advance(WorkStore& store, const RunKey& run, WorkStore::Request request) {
    request.fence = fences_[&store];
    request.wants_run = true;
    auto step = Await(io_, store.Advance(Soon(), run, request));
    EXPECT_TRUE(step.ok()) << step.status();
    if (step->fence != 0) fences_[&store] = step->fence;
    return *std::move(step);
  }
  WorkStore::Step Lease(WorkStore& store, const RunKey& run, int concurrency, std::vector<int32_t> held = {}) {
    return Advance(store, run,
                   {.held = std::move(held), .take_over = true, .wants_more = true, .concurrency = concurrency});
  }
  WorkStore::Step Store(WorkStore& store, const RunKey& run, std::vector<FinishedPrompt> finished) {
    return Advance(store, run, {.finished = std::move(finished)});
  }
  void LetLeasesEnd() {
    test_database_.Execute("UPDATE demo_run_leases SET lease_until = now() - interval '1 second'");
  }

  static FinishedPrompt Finish(const LeasedPrompt& leased, bool success = true) {
    FinishedPrompt finished{.fence = leased.fence, .result = {}};
    finished.result.set_prompt_id(leased.prompt_id);
    finished.result.set_prompt(leased.prompt.prompt());
    finished.result.set_success(success);
    finished.result.set_model_id("model");
    finished.result.set_attempts(1);
    finished.result.mutable_latency()->set_nanos(1'500'400);
    if (success) finished.result.set_response("an answer of five words");
    if (!success) finished.result.set_error_type(finetunelab::endpoint::v1::ERROR_TYPE_TIMEOUT);
    auto* check = finished.result.add_checks();
    check->set_kind("is_json");
    check->set_passed(success);
    return finished;
  }

  static std::vector<int32_t> IdsOf(const std::vector<LeasedPrompt>& leased) {
    std::vector<int32_t> ids;
    for (const LeasedPrompt& prompt : leased) ids.push_back(prompt.prompt_id);
    return ids;
  }

  static std::vector<int32_t> CallsOf(const std::vector<LeasedPrompt>& leased) {
    std::vector<int32_t> ids;
    for (const LeasedPrompt& prompt : leased) {
      if (prompt.may_call) ids.push_back(prompt.prompt_id);
    }
    return ids;
  }

  std::vector<int32_t> RunningOf(const RunKey& run) {
    const auto now = Await(io_, runs_.Get(OwnCall(absl::Seconds(5)), run.session, run.test_run_id));
    return {now->running_prompt_ids().begin(), now->running_prompt_ids().end()};
  }

  static std::vector<int32_t> TakeoversOf(const std::vector<LeasedPrompt>& leased) {
    std::vector<int32_t> takeovers;
    for (const LeasedPrompt& prompt : leased) takeovers.push_back(prompt.takeovers);
    return takeovers;
  }

  TestDatabase test_database_;
  const std::string session_ = test_database_.AddSession();
  asio::io_context io_;
  Database database_{io_.get_executor(), test_database_.As("ftl_batch_runner")};
  RunStore runs_{database_};
  ResultStore results_{database_};
  SharedCommits steps_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("steps", 2), database_};
  WorkStore mine_{steps_, database_, NewUuid()};
  WorkStore theirs_{steps_, database_, NewUuid()};
  std::map<WorkStore*, int64_t> fences_;
};

TEST_F(WorkStoreTest, StepsThatWaitHoldUpNoReadAndNoRenewal) {
  const RunKey run = StartRun(3);
  SharedCommits steps(io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("steps", 1), database_);
  Database reads(io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("reads", 1));
  WorkStore work(steps, database_, NewUuid());
  RunStore runs(database_, reads);
  std::vector<std::string> order;
  auto slow = [&]() -> asio::awaitable<bool> {
    std::vector<Statement> sleep = {{{"test.sleep", "SELECT pg_sleep(0.3)"}, {}}};
    co_return (co_await steps.RunAll(Soon(), SessionScope::None(), "", std::move(sleep))).ok();
  };
  auto step = [&]() -> asio::awaitable<bool> {
    WorkStore::Request request{.wants_more = true, .concurrency = 4};
    const auto done = co_await work.Advance(Soon(), run, request);
    order.push_back("step");
    co_return done.ok();
  };
  auto read = [&]() -> asio::awaitable<bool> {
    const auto got = co_await runs.Get(OwnCall(absl::Seconds(5)), run.session, run.test_run_id);
    order.push_back("read");
    co_return got.ok();
  };
  auto renew = [&]() -> asio::awaitable<bool> {
    const auto renewed = co_await work.Renew(Soon());
    order.push_back("renewal");
    co_return renewed.ok();
  };
  auto all = [&]() -> asio::awaitable<bool> {
    co_return co_await (slow() && step() && read() && renew()) == std::tuple(true, true, true, true);
  };
  EXPECT_TRUE(Await(io_, all()));
  EXPECT_THAT(order, testing::UnorderedElementsAre("step", "read", "renewal"));
  EXPECT_EQ(order.back(), "step");
}

TEST_F(WorkStoreTest, ARunThatOneProcessCarriesHasNoSeatForASecond) {
  const RunKey run = StartRun(20);
  const auto first = Lease(mine_, run, 4);
  EXPECT_THAT(CallsOf(first.leased), testing::ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(first.leased.size(), 12u) << "twice as many ahead";
  EXPECT_THAT(Await(io_, theirs_.RunsWithWork(Soon()))->size(), 0u);
  const auto refused = Lease(theirs_, run, 4);
  EXPECT_EQ(refused.fence, 0);
  EXPECT_THAT(refused.leased, testing::IsEmpty());
  EXPECT_EQ(Lease(mine_, run, 4, IdsOf(first.leased)).slots, 4) << "who was refused leaves nothing behind";
  const auto busy =
      Advance(mine_, run, {.held = IdsOf(first.leased), .wants_more = true, .busy = true, .concurrency = 4});
  EXPECT_EQ(busy.slots, 4);
  EXPECT_EQ(Lease(theirs_, run, 4).fence, 0) << "too few slots to share, however busy it is";
}

TEST_F(WorkStoreTest, TwoProcessesLeaseTheRunsPromptsOnceAndComeToShareItsConcurrencyWhereOneIsBusy) {
  const RunKey run = StartRun(100);
  const auto first = Lease(mine_, run, 20);
  ASSERT_EQ(first.leased.size(), 60u);
  EXPECT_EQ(Lease(theirs_, run, 20).fence, 0) << "the first is not busy";
  const WorkStore::Request busy{.held = IdsOf(first.leased), .wants_more = true, .busy = true, .concurrency = 20};
  Advance(mine_, run, busy);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  auto other = Lease(theirs_, run, 20);
  EXPECT_NE(other.fence, 0);
  EXPECT_EQ(other.slots, 0) << "all slots are taken still";
  EXPECT_TRUE(other.crowded);
  WorkStore third(steps_, database_, NewUuid());
  EXPECT_EQ(Lease(third, run, 20).fence, 0) << "one waits for its slots already";

  auto less = Advance(mine_, run, busy);
  EXPECT_EQ(less.slots, 10) << "another is there";
  EXPECT_FALSE(less.crowded);
  EXPECT_THAT(less.leased, testing::IsEmpty());
  std::vector<int32_t> surplus(40);
  std::iota(surplus.begin(), surplus.end(), 21);
  EXPECT_THAT(less.given_back, testing::UnorderedElementsAreArray(surplus))
      << "twenty calls are as many as ten slots may have and claim";
  EXPECT_TRUE(less.more);
  EXPECT_EQ(Lease(theirs_, run, 20).slots, 0) << "twenty are called still";
  Advance(mine_, run, {.finished = {Finish(first.leased[0]), Finish(first.leased[1]), Finish(first.leased[2])}});
  other = Lease(theirs_, run, 20);
  EXPECT_EQ(other.slots, 3);
  EXPECT_TRUE(other.crowded);
  EXPECT_THAT(IdsOf(other.leased), testing::ElementsAre(21, 22, 23, 24, 25, 26)) << "what the other gave back";
  EXPECT_THAT(CallsOf(other.leased), testing::ElementsAre(21, 22, 23));

  ASSERT_TRUE(Await(io_, mine_.Leave(Soon(), run)).ok());
  const auto rest = Lease(theirs_, run, 20, IdsOf(other.leased));
  EXPECT_EQ(rest.slots, 20) << "who asks again has what the other left";
  EXPECT_FALSE(rest.crowded);
  EXPECT_EQ(rest.leased.size(), 54u);
  EXPECT_EQ(rest.leased.front().prompt_id, 4);
}

TEST_F(WorkStoreTest, AProcessWhoseHolderHasDiedTakesItsSeat) {
  const RunKey run = StartRun(20);
  Lease(mine_, run, 4);
  EXPECT_EQ(Lease(theirs_, run, 4).fence, 0);
  LetLeasesEnd();
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  const auto taken = Lease(theirs_, run, 4);
  EXPECT_EQ(taken.slots, 4);
  EXPECT_THAT(CallsOf(taken.leased), testing::ElementsAre(1, 2, 3, 4));
}

TEST_F(WorkStoreTest, WhoLeavesGivesItsClaimsBackAndItsSlotsAsItsCallsEnd) {
  const RunKey run = StartRun(20);
  const auto first = Lease(mine_, run, 4);
  const auto standing = Advance(
      mine_, run, {.held = {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}, .wants_more = true, .leaves = true, .concurrency = 4});
  EXPECT_EQ(standing.slots, 0);
  EXPECT_THAT(standing.leased, testing::IsEmpty());
  EXPECT_THAT(standing.given_back, testing::UnorderedElementsAre(4, 5, 6, 7, 8, 9, 10, 11, 12))
      << "and what it had not begun";
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  const auto other = Lease(theirs_, run, 4);
  EXPECT_EQ(other.slots, 1) << "three are called still";
  EXPECT_THAT(CallsOf(other.leased), testing::ElementsAre(4));
  EXPECT_EQ(Store(mine_, run, {Finish(first.leased[0]), Finish(first.leased[1])}).stored.size(), 2u);
  EXPECT_EQ(Lease(theirs_, run, 4, IdsOf(other.leased)).slots, 3);
}

TEST_F(WorkStoreTest, ClaimsShrinkWithSlots) {
  const RunKey run = StartRun(40);
  const auto first = Lease(mine_, run, 8);
  ASSERT_EQ(first.leased.size(), 24u);
  const auto slowed = Advance(mine_, run,
                              {.held = IdsOf(first.leased),
                               .wants_more = true,
                               .concurrency = 8,
                               .pace = {.throttled = absl::Now() - absl::Seconds(1)}});
  EXPECT_EQ(slowed.slots, 4);
  EXPECT_THAT(slowed.given_back, testing::UnorderedElementsAre(13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24));
  const auto again = Lease(mine_, run, 8, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_THAT(again.leased, testing::IsEmpty());
  EXPECT_THAT(again.given_back, testing::IsEmpty());
}

TEST_F(WorkStoreTest, OnlyAStepThatStoresOrLeasesProlongsTheLease) {
  const RunKey run = StartRun(4);
  EXPECT_FALSE(Advance(mine_, run, {}).renewed) << "there is none";
  const auto first = Lease(mine_, run, 1);
  EXPECT_TRUE(first.renewed);
  EXPECT_FALSE(Advance(mine_, run, {}).renewed);
  EXPECT_FALSE(Advance(mine_, run, {.take_over = true}).renewed);
  EXPECT_TRUE(Store(mine_, run, {Finish(first.leased[0])}).renewed);
  EXPECT_TRUE(Advance(mine_, run, {.calls = {2}}).renewed);
}

TEST_F(WorkStoreTest, LeasesAreRenewedByAnIndexOnTheirOwner) {
  Database superuser(io_.get_executor(), {.url = test_database_.url()});
  constexpr Query kPlan{"",
                        "EXPLAIN UPDATE demo_run_leases SET lease_until = now() "
                        "WHERE owner = '00000000-0000-0000-0000-000000000000'"};
  test_database_.Execute(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$");
  const auto plan = Await(io_, superuser.Run(Soon(), SessionScope::None(), kPlan));
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::string lines;
  for (const Row row : *plan) lines += row.Get<std::string>("QUERY PLAN") + '\n';
  EXPECT_THAT(lines, testing::HasSubstr("demo_run_leases_owner"));
}

// What a promoted replica does that had not received the newest commits.
TEST_F(WorkStoreTest, ClaimsThatTheStoreHasLostAreNotConfirmed) {
  const RunKey run = StartRun(8);
  Lease(mine_, run, 2);
  test_database_.Execute("UPDATE demo_run_leases SET claimed = '{}'; UPDATE demo_batch_test_runs SET next_prompt = 3");
  const auto step = Advance(mine_, run, {.calls = {3, 4}, .held = {1, 2, 3, 4, 5, 6}});
  EXPECT_FALSE(step.lost);
  EXPECT_THAT(step.calls, testing::IsEmpty());
  fences_[&mine_] = 0;
  EXPECT_THAT(IdsOf(Lease(mine_, run, 2).leased), testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(WorkStoreTest, ARunThatLostResultsWithItsLeasesGoesOnAndEnds) {
  const RunKey run = StartRun(4);
  auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[0]), Finish(leased[1], false), Finish(leased[2])});
  test_database_.Execute("DELETE FROM demo_run_leases; DELETE FROM demo_batch_test_results WHERE sequence > 1");
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  leased = Lease(theirs_, run, 4).leased;
  EXPECT_THAT(IdsOf(leased), testing::ElementsAre(2, 3, 4));
  const auto step = Store(theirs_, run, {Finish(leased[0]), Finish(leased[1]), Finish(leased[2])});
  EXPECT_EQ(step.stored.size(), 3u);
  EXPECT_EQ(step.run->status(), pb::RUN_STATUS_COMPLETED);
  EXPECT_EQ(step.run->completed_prompts(), 4);
  EXPECT_EQ(step.run->failed_prompts(), 0);
}

TEST_F(WorkStoreTest, ARunThatLostItsEndEnds) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 2).leased;
  Store(mine_, run, {Finish(leased[0]), Finish(leased[1], false)});
  test_database_.Execute(
      "DELETE FROM demo_run_leases; "
      "UPDATE demo_batch_test_runs SET status = 'running', completed_at = NULL, failed_prompts = 0, last_sequence = 1");
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  const auto step = Lease(theirs_, run, 2);
  EXPECT_EQ(step.status, pb::RUN_STATUS_COMPLETED);
  EXPECT_EQ(step.run->failed_prompts(), 1);
  EXPECT_EQ(step.run->last_sequence(), 2);
}

TEST_F(WorkStoreTest, ARunWhosePromptsAreMissingFails) {
  const RunKey run = StartRun(4);
  Lease(mine_, run, 2);
  test_database_.Execute("DELETE FROM demo_run_leases; DELETE FROM demo_run_prompts WHERE prompt_id = 2");
  EXPECT_EQ(Lease(theirs_, run, 2).run->status(), pb::RUN_STATUS_FAILED);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::IsEmpty());
}

TEST_F(WorkStoreTest, WhatIsClaimedAheadIsCalledOnceAStepNamesIt) {
  const RunKey run = StartRun(6);
  const auto first = Lease(mine_, run, 2);
  EXPECT_THAT(CallsOf(first.leased), testing::ElementsAre(1, 2));
  EXPECT_THAT(RunningOf(run), testing::ElementsAre(1, 2));
  const WorkStore::Request next{.finished = {Finish(first.leased[0])}, .calls = {3}, .held = {2, 3, 4}};
  EXPECT_THAT(Advance(mine_, run, next).calls, testing::ElementsAre(3));
  EXPECT_THAT(RunningOf(run), testing::ElementsAre(2, 3));
  const auto again = Advance(mine_, run, next);
  EXPECT_THAT(again.calls, testing::ElementsAre(3)) << "the answer may have been lost";
  EXPECT_THAT(again.stored, testing::IsEmpty());
  EXPECT_THAT(RunningOf(run), testing::ElementsAre(2, 3));
}

TEST_F(WorkStoreTest, WhatAnotherTookOverIsCalledNoMore) {
  const RunKey run = StartRun(4);
  Lease(mine_, run, 2);
  LetLeasesEnd();
  EXPECT_THAT(IdsOf(Lease(theirs_, run, 2).leased), testing::ElementsAre(1, 2, 3, 4));
  const auto late = Advance(mine_, run, {.calls = {3}});
  EXPECT_TRUE(late.lost);
  EXPECT_THAT(late.calls, testing::IsEmpty());
}

TEST_F(WorkStoreTest, WhatTwoProcessesDiedOfIsCalledAloneSoThatTheThirdDeathShowsWhoseFaultItIs) {
  const RunKey run = StartRun(4);
  Lease(mine_, run, 2);
  LetLeasesEnd();
  EXPECT_THAT(TakeoversOf(Lease(theirs_, run, 2).leased), testing::ElementsAre(1, 1, 0, 0)) << "two were only claimed";
  LetLeasesEnd();
  const auto third = Lease(mine_, run, 2);
  EXPECT_THAT(IdsOf(third.leased), testing::ElementsAre(1, 3, 4));
  EXPECT_THAT(TakeoversOf(third.leased), testing::ElementsAre(2, 0, 0));
  EXPECT_THAT(Lease(mine_, run, 4, {1, 3, 4}).leased, testing::IsEmpty());
  Store(mine_, run, {Finish(third.leased[0])});
  EXPECT_THAT(IdsOf(Lease(mine_, run, 4, {3, 4}).leased), testing::ElementsAre(2));
}

TEST_F(WorkStoreTest, APromptWhoseLeaseItsHolderNeverHeardOfIsGivenAgain) {
  const RunKey run = StartRun(3);
  Lease(mine_, run, 1);
  const auto again = Lease(mine_, run, 2);
  EXPECT_THAT(CallsOf(again.leased), testing::ElementsAre(1, 2));
  EXPECT_THAT(TakeoversOf(again.leased), testing::ElementsAre(0, 0, 0));
}

TEST_F(WorkStoreTest, ThrottlingHalvesTheCallsOfAllProcessesOnceForABurstAndGoodAnswersGiveThemBack) {
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

TEST_F(WorkStoreTest, CallsAMinuteAreDrawnFromOneCountByAllProcesses) {
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

TEST_F(WorkStoreTest, ASecondAttemptTakesItsTurnInTheSameCount) {
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

TEST_F(WorkStoreTest, ALeasedPromptComesWithItsTextAndChecksAndSetsTheRunGoing) {
  const RunKey run = StartRun(1);
  const auto step = Lease(mine_, run, 1);
  ASSERT_EQ(step.leased.size(), 1u);
  EXPECT_EQ(step.leased[0].prompt.prompt(), "prompt 1");
  EXPECT_EQ(step.leased[0].difficulty, pb::DIFFICULTY_EASY);
  ASSERT_EQ(step.leased[0].prompt.checks_size(), 1);
  EXPECT_EQ(step.leased[0].prompt.checks(0).kind(), pb::CHECK_KIND_IS_JSON);
  const auto latest = Await(io_, runs_.Latest(OwnCall(absl::Seconds(5)), session_));
  EXPECT_EQ(latest->status(), pb::RUN_STATUS_RUNNING);
  EXPECT_THAT(latest->running_prompt_ids(), testing::ElementsAre(1));
}

TEST_F(WorkStoreTest, StoresResultsInOrderWithTheRunsCountersAndEndsItWithTheLast) {
  const RunKey run = StartRun(3);
  const auto leased = Lease(mine_, run, 3).leased;
  auto step = Store(mine_, run, {Finish(leased[2]), Finish(leased[0], false)});
  ASSERT_EQ(step.stored.size(), 2u);
  EXPECT_EQ(step.run->completed_prompts(), 1);
  EXPECT_EQ(step.run->failed_prompts(), 1);
  EXPECT_EQ(step.run->last_sequence(), 2);
  EXPECT_EQ(step.run->status(), pb::RUN_STATUS_RUNNING);
  step = Store(mine_, run, {Finish(leased[1])});
  EXPECT_EQ(step.run->status(), pb::RUN_STATUS_COMPLETED);
  EXPECT_TRUE(step.run->has_completed_at());
  const auto page = Await(io_, results_.BySequence(OwnCall(absl::Seconds(5)), session_, run.test_run_id, 0, 10));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->results.size(), 3u);
  EXPECT_EQ(page->total, 3);
  EXPECT_EQ(page->results[0].prompt_id(), 3);
  EXPECT_EQ(page->results[0].latency().nanos(), 1'500'000);
  EXPECT_EQ(page->results[0].checks(0).kind(), "is_json");
  EXPECT_EQ(page->results[1].error_type(), finetunelab::endpoint::v1::ERROR_TYPE_TIMEOUT);
  EXPECT_EQ(page->results[2].sequence(), 3);
}

TEST_F(WorkStoreTest, AResultUnderAnOldFenceIsRefusedAndTheTakersCounts) {
  const RunKey run = StartRun(1);
  const auto old = Lease(mine_, run, 1).leased;
  LetLeasesEnd();
  const auto taken = Lease(theirs_, run, 1).leased;
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].takeovers, 1);
  EXPECT_GT(taken[0].fence, old[0].fence);
  EXPECT_THAT(Store(mine_, run, {Finish(old[0])}).stored, testing::IsEmpty());
  const auto step = Store(theirs_, run, {Finish(taken[0])});
  EXPECT_EQ(step.stored.size(), 1u);
  EXPECT_EQ(step.run->completed_prompts(), 1);
}

TEST_F(WorkStoreTest, AResultAfterItsLeaseIsStoredWhereNobodyHasTakenThePromptOver) {
  const RunKey run = StartRun(1);
  const auto leased = Lease(mine_, run, 1).leased;
  LetLeasesEnd();
  EXPECT_EQ(Store(mine_, run, {Finish(leased[0])}).stored.size(), 1u);
}

TEST_F(WorkStoreTest, StoringTheSameResultTwiceCountsItOnce) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 1).leased;
  EXPECT_EQ(Store(mine_, run, {Finish(leased[0])}).stored.size(), 1u);
  const auto again = Store(mine_, run, {Finish(leased[0])});
  EXPECT_THAT(again.stored, testing::IsEmpty());
  EXPECT_EQ(again.run->completed_prompts(), 1);
}

TEST_F(WorkStoreTest, ACancelledRunTakesNoLateResult) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 1).leased;
  const auto cancelled = Await(io_, runs_.End(OwnCall(absl::Seconds(5)), session_, run.test_run_id,
                                              {.status = pb::RUN_STATUS_CANCELLED, .error = ""}));
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->status(), pb::RUN_STATUS_CANCELLED);
  const auto step = Advance(mine_, run, {.finished = {Finish(leased[0])}, .wants_more = true});
  EXPECT_THAT(step.stored, testing::IsEmpty());
  EXPECT_THAT(step.leased, testing::IsEmpty());
  EXPECT_EQ(step.run->completed_prompts(), 0);
}

TEST_F(WorkStoreTest, AKeyThatGoesWithARunIsForgottenFromItsEndOn) {
  test_database_.Execute("UPDATE demo_model_configs SET forget_key_after_run = true");
  const RunKey run = StartRun(1);
  const auto state = [&] { return *Await(io_, runs_.LoadSession(OwnCall(absl::Seconds(5)), session_)); };
  const auto leased = Lease(mine_, run, 1).leased;
  EXPECT_FALSE(state().key_forgotten);
  Store(mine_, run, {Finish(leased[0])});
  EXPECT_TRUE(state().key_forgotten) << "by the transaction that stored the last result";
  EXPECT_TRUE(state().forget_key_after_run);
}

TEST_F(WorkStoreTest, ADoorIsClosedForAllAndTheRowOfWaitsEndsWithAnAnswer) {
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

TEST_F(WorkStoreTest, ARunSaysUntilWhenItWaitsWhileItGoesOn) {
  const RunKey run = StartRun(2);
  const CallContext call = OwnCall(absl::Seconds(5));
  const auto paused = Await(io_, runs_.Pause(call, session_, run.test_run_id, absl::Seconds(60)));
  ASSERT_TRUE(paused.ok()) << paused.status();
  EXPECT_TRUE(paused->has_paused_until());
  test_database_.Execute("UPDATE demo_batch_test_runs SET paused_until = now()");
  EXPECT_FALSE(Await(io_, runs_.Get(call, session_, run.test_run_id))->has_paused_until()) << "it is over";
  ASSERT_TRUE(Await(io_, runs_.Pause(call, session_, run.test_run_id, absl::Seconds(60))).ok());
  const auto ended =
      Await(io_, runs_.End(call, session_, run.test_run_id, {.status = pb::RUN_STATUS_CANCELLED, .error = ""}));
  EXPECT_FALSE(ended->has_paused_until());
}

TEST_F(WorkStoreTest, AClosedSessionTakesNothing) {
  const RunKey run = StartRun(1);
  const auto leased = Lease(mine_, run, 1).leased;
  test_database_.Execute("DELETE FROM demo_model_configs");
  EXPECT_TRUE(Advance(mine_, run, {.finished = {Finish(leased[0])}, .wants_more = true}).gone);
}

TEST_F(WorkStoreTest, RenewalKeepsALeaseAndTellsItsFenceUntilAnotherTakesTheRunOver) {
  const RunKey run = StartRun(3);
  const auto step = Lease(mine_, run, 3);
  LetLeasesEnd();
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::ElementsAre(testing::Pair(run, step.fence)));
  EXPECT_THAT(Lease(theirs_, run, 3).leased, testing::IsEmpty());
  LetLeasesEnd();
  EXPECT_THAT(IdsOf(Lease(theirs_, run, 3).leased), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::IsEmpty());
  LetLeasesEnd();
  EXPECT_GT(Lease(mine_, run, 3).fence, step.fence);
}

TEST_F(WorkStoreTest, WhatIsGivenBackIsFreeAtOnce) {
  const RunKey run = StartRun(1);
  Lease(mine_, run, 1);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::IsEmpty());
  ASSERT_TRUE(Await(io_, mine_.LeaveAll(Soon())).ok());
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  EXPECT_EQ(Lease(theirs_, run, 1).leased.at(0).takeovers, 0);
}

TEST_F(WorkStoreTest, ASecondRunWaitsForTheFirstAndARepeatedKeyGivesTheFirst) {
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.emplace_back().set_prompt("x");
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto first = Await(io_, runs_.Create(call, session_, "Model", plan, {.key = "k", .digest = "d"}));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Await(io_, runs_.Create(call, session_, "Model", plan, {.key = "k", .digest = "d"}))->id(), first->id());
  EXPECT_EQ(ReasonOf(Await(io_, runs_.Create(call, session_, "Model", plan, {.key = "k", .digest = "e"})).status()),
            Reason::kIdempotencyKeyReused);
  EXPECT_EQ(ReasonOf(Await(io_, runs_.Create(call, session_, "Model", plan, {})).status()), Reason::kRunInProgress);
}

TEST_F(WorkStoreTest, AResultOfAClaimCountsOnceUnderItsFence) {
  const RunKey run = StartRun(20);
  const auto leased = Lease(mine_, run, 4).leased;
  ASSERT_FALSE(leased[5].may_call);
  FinishedPrompt other = Finish(leased[6]);
  ++other.fence;
  const auto first = Store(mine_, run, {Finish(leased[5]), other});
  ASSERT_EQ(first.stored.size(), 1u) << "its call began while the intent was on its way, and that was lost";
  EXPECT_EQ(first.stored[0].prompt_id(), leased[5].prompt_id);
  EXPECT_THAT(Store(mine_, run, {Finish(leased[5])}).stored, testing::IsEmpty());
  LetLeasesEnd();
  EXPECT_THAT(IdsOf(Lease(theirs_, run, 4).leased), testing::Not(testing::Contains(leased[5].prompt_id)));
}

TEST_F(WorkStoreTest, TheLeaseGoesWithTheLastPrompt) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 4).leased;
  EXPECT_FALSE(Store(mine_, run, {Finish(leased[0])}).left);
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::SizeIs(1));
  const auto last = Store(mine_, run, {Finish(leased[1], false)});
  EXPECT_TRUE(last.left);
  EXPECT_EQ(last.status, pb::RUN_STATUS_COMPLETED);
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::IsEmpty());
}

TEST_F(WorkStoreTest, WhatCameBackIsToldFromWhatIsFresh) {
  const RunKey run = StartRun(8);
  const auto first = Lease(mine_, run, 2).leased;
  for (const LeasedPrompt& prompt : first) EXPECT_FALSE(prompt.came_back) << prompt.prompt_id;
  ASSERT_TRUE(Await(io_, mine_.Leave(Soon(), run)).ok());
  for (const LeasedPrompt& prompt : Lease(theirs_, run, 4).leased) {
    EXPECT_EQ(prompt.came_back, prompt.prompt_id <= static_cast<int>(first.size())) << prompt.prompt_id;
  }
}

TEST_F(WorkStoreTest, StepsOfManyRunsShareACommitAndOneOfAClosedSessionHurtsNone) {
  const std::string other = test_database_.AddSession('b');
  const RunKey run = StartRun(4);
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.resize(4);
  for (pb::Prompt& prompt : plan.prompts) prompt.set_prompt("x");
  const auto created = Await(io_, runs_.Create(OwnCall(absl::Seconds(10)), other, "Model", plan, {}));
  ASSERT_TRUE(created.ok()) << created.status();
  const RunKey gone{other, created->id()};
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now() WHERE demo_session_id = '" + other + "'");
  std::vector<WorkStore::Request> requests(2, {.wants_more = true, .concurrency = 4});
  auto both = [&]() -> asio::awaitable<std::tuple<absl::StatusOr<WorkStore::Step>, absl::StatusOr<WorkStore::Step>>> {
    co_return co_await (mine_.Advance(Soon(), run, requests[0]) && mine_.Advance(Soon(), gone, requests[1]));
  };
  const auto [open, over] = Await(io_, both());
  ASSERT_TRUE(open.ok() && over.ok());
  EXPECT_EQ(open->leased.size(), 4u);
  EXPECT_FALSE(open->gone);
  EXPECT_TRUE(over->gone);
}

TEST_F(WorkStoreTest, NothingOfARunIsStoredInASessionThatIsOver) {
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now() - interval '1 second'");
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.emplace_back().set_prompt("x");
  const auto created = Await(io_, runs_.Create(OwnCall(absl::Seconds(10)), session_, "Model", plan, {}));
  EXPECT_EQ(ReasonOf(created.status()), Reason::kSessionExpired) << created.status();
  Database superuser(io_.get_executor(), {.url = test_database_.url()});
  constexpr Query kCount{
      "", "SELECT (SELECT count(*) FROM demo_batch_test_runs) + (SELECT count(*) FROM demo_run_prompts) AS n"};
  const auto left = Await(io_, superuser.Run(Soon(), SessionScope::None(), kCount));
  EXPECT_EQ(left->Only().Get<int64_t>("n"), 0);
}

TEST_F(WorkStoreTest, ARunIsFoundByItsIdAndOnlyWithItsOwnSession) {
  const RunKey run = StartRun(1);
  const CallContext call = OwnCall(absl::Seconds(10));
  EXPECT_EQ(*Await(io_, runs_.SessionOfRun(call, run.test_run_id, "")), session_);
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, NewUuid(), "")).status()), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, "no uuid", "")).status()), Reason::kRunNotFound);
  const std::string other = "demo-" + std::string(64, '0');
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, run.test_run_id, other)).status()), Reason::kRunNotFound);
}

TEST_F(WorkStoreTest, ARunIsSeenWithItsResultsInOneRoundTrip) {
  const RunKey run = StartRun(5);
  const auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[2]), Finish(leased[0], false), Finish(leased[3])});
  Database reads(io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("one_look", 1));
  RunStore runs(database_, reads);
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto view = Await(io_, runs.Look(call, "", run.test_run_id, {.after_prompt = 1, .limit = 1, .manifest = true}));
  EXPECT_THAT(metrics::Exposition(),
              testing::HasSubstr("ftl_database_wait_seconds_count{application=\"tests\",lane=\"one_look\"} 1\n"));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->run.id(), run.test_run_id);
  EXPECT_EQ(view->run.last_sequence(), 3);
  ASSERT_EQ(view->page.results.size(), 1u);
  EXPECT_EQ(view->page.results[0].prompt_id(), 3);
  EXPECT_TRUE(view->page.more);
  EXPECT_TRUE(view->manifest.struct_value().fields().contains("suite"));

  const auto reason_of = [&](std::string session, std::string test_run_id) {
    return ReasonOf(Await(io_, runs.Look(call, std::move(session), std::move(test_run_id), {})).status());
  };
  EXPECT_TRUE(Await(io_, runs.Look(call, session_, run.test_run_id, {})).ok());
  EXPECT_EQ(reason_of(std::string(64, '0'), run.test_run_id), Reason::kRunNotFound);
  EXPECT_EQ(reason_of("", NewUuid()), Reason::kRunNotFound) << "and what was entered before is left";
  EXPECT_EQ(reason_of("", "no uuid"), Reason::kRunNotFound);
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now()");
  EXPECT_EQ(reason_of("", run.test_run_id), Reason::kSessionExpired);
}

TEST_F(WorkStoreTest, ARunIsSeenWithNoResultThatItDoesNotCount) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[0]), Finish(leased[1])});
  // As if the second had been stored between the two statements.
  test_database_.Execute(
      "UPDATE demo_batch_test_runs SET completed_prompts = 1, "
      "last_sequence = 1, status = 'running', completed_at = NULL");
  const auto view = Await(io_, runs_.Look(OwnCall(absl::Seconds(10)), session_, run.test_run_id, {}));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->page.results.size(), 1u);
}

TEST_F(WorkStoreTest, ARunKeepsAManifestWhoseDigestsTellWhetherTwoRunsWereTheSame) {
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto manifest_of = [&](int prompts) {
    const RunKey run = StartRun(prompts);
    const auto view = Await(io_, runs_.Look(call, session_, run.test_run_id, {.manifest = true}));
    EXPECT_TRUE(view.ok()) << view.status();
    RunStore::Ending cancelled{.status = pb::RUN_STATUS_CANCELLED, .error = ""};
    EXPECT_TRUE(Await(io_, runs_.End(call, session_, run.test_run_id, std::move(cancelled))).ok());
    return view->manifest.struct_value().fields();
  };
  const auto first = manifest_of(2);
  const auto same = manifest_of(2);
  const auto other = manifest_of(3);
  const auto prompts_digest = [](const auto& manifest) {
    return manifest.at("suite").struct_value().fields().at("sha256").string_value();
  };
  EXPECT_EQ(first.at("parameters").struct_value().fields().at("concurrency").number_value(), 4);
  EXPECT_TRUE(first.at("model").struct_value().fields().contains("capabilities"));
  EXPECT_EQ(first.at("sha256").string_value().size(), 64u);
  EXPECT_EQ(prompts_digest(first), prompts_digest(same));
  EXPECT_NE(prompts_digest(first), prompts_digest(other));
}

}  // namespace
}  // namespace ftl::batch_runner
