// What a step stores, and under which fence.
#include "services/batch-runner/store/work_store_fixture.h"

#include <numeric>

#include "services/batch-runner/store/run_door.h"

namespace ftl::batch_runner {
namespace {

using ResultsTest = WorkStoreTest;

TEST_F(ResultsTest, StepsThatWaitHoldUpNoReadAndNoRenewal) {
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

TEST_F(ResultsTest, WhatIsClaimedAheadIsCalledOnceAStepNamesIt) {
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

TEST_F(ResultsTest, ALeasedPromptComesWithItsTextAndChecksAndSetsTheRunGoing) {
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

TEST_F(ResultsTest, StoresResultsInOrderWithTheRunsCountersAndEndsItWithTheLast) {
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

TEST_F(ResultsTest, AResultUnderAnOldFenceIsRefusedAndTheTakersCounts) {
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

TEST_F(ResultsTest, AResultAfterItsLeaseIsStoredWhereNobodyHasTakenThePromptOver) {
  const RunKey run = StartRun(1);
  const auto leased = Lease(mine_, run, 1).leased;
  LetLeasesEnd();
  EXPECT_EQ(Store(mine_, run, {Finish(leased[0])}).stored.size(), 1u);
}

TEST_F(ResultsTest, StoringTheSameResultTwiceCountsItOnce) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 1).leased;
  EXPECT_EQ(Store(mine_, run, {Finish(leased[0])}).stored.size(), 1u);
  const auto again = Store(mine_, run, {Finish(leased[0])});
  EXPECT_THAT(again.stored, testing::IsEmpty());
  EXPECT_EQ(again.run->completed_prompts(), 1);
}

TEST_F(ResultsTest, ACancelledRunTakesNoLateResult) {
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

TEST_F(ResultsTest, AResultOfAClaimCountsOnceUnderItsFence) {
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

TEST_F(ResultsTest, APageOfLongAnswersIsReadAsFarAsItHoldsThem) {
  const RunKey run = StartRun(12);
  std::vector<FinishedPrompt> finished;
  for (const LeasedPrompt& leased : Lease(mine_, run, 4).leased) {
    finished.push_back(Finish(leased));
    finished.back().result.set_response(std::string(900'000, 'x'));
  }
  ASSERT_EQ(Store(mine_, run, std::move(finished)).stored.size(), 12u);
  const CallContext call = OwnCall(absl::Seconds(10));
  std::vector<int32_t> seen;
  for (bool more = true; more;) {
    const auto page =
        Await(io_, results_.ByPrompt(call, session_, run.test_run_id, seen.empty() ? 0 : seen.back(), /*limit=*/50));
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->results.size(), 3u) << "2 MiB, and what began within them";
    for (const pb::Result& result : page->results) seen.push_back(result.prompt_id());
    more = page->more;
  }
  EXPECT_THAT(seen, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));

  std::vector<Statement> statements = EnterRun(run.test_run_id, "");
  statements.push_back(AskByPrompt(run.test_run_id, 0, 1000, /*limit=*/50));
  const auto rows = Await(io_, database_.RunAll(Soon(), SessionScope::None(), std::move(statements)));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_LE(rows->back().size(), 4) << "one row more than the page holds, and no further";
}

TEST_F(ResultsTest, TheLeaseGoesWithTheLastPrompt) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 4).leased;
  EXPECT_FALSE(Store(mine_, run, {Finish(leased[0])}).left);
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::SizeIs(1));
  const auto last = Store(mine_, run, {Finish(leased[1], false)});
  EXPECT_TRUE(last.left);
  EXPECT_EQ(last.status, pb::RUN_STATUS_COMPLETED);
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::IsEmpty());
}

TEST_F(ResultsTest, StepsOfManyRunsShareACommitAndOneOfAClosedSessionHurtsNone) {
  const std::string other = test_database_.AddSession('b');
  const RunKey run = StartRun(4);
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.resize(4);
  for (pb::Prompt& prompt : plan.prompts) prompt.set_prompt("x");
  const auto created = Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), other, NewUuid(), "Model", plan, {}));
  ASSERT_TRUE(created.ok()) << created.status();
  const RunKey gone{other, created->run.id()};
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

}  // namespace
}  // namespace ftl::batch_runner
