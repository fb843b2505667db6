// Who works on a run: seats, leases, what the dead and the leaving hand on.
#include "services/batch-runner/store/work_store_fixture.h"

#include <fmt/format.h>

#include <numeric>

namespace ftl::batch_runner {
namespace {

using SeatsTest = WorkStoreTest;

TEST_F(SeatsTest, ARunThatOneProcessCarriesHasNoSeatForASecond) {
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

TEST_F(SeatsTest, TwoProcessesLeaseTheRunsPromptsOnceAndComeToShareItsConcurrencyWhereOneIsBusy) {
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

TEST_F(SeatsTest, AProcessWhoseHolderHasDiedTakesItsSeat) {
  const RunKey run = StartRun(20);
  Lease(mine_, run, 4);
  EXPECT_EQ(Lease(theirs_, run, 4).fence, 0);
  LetLeasesEnd();
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  const auto taken = Lease(theirs_, run, 4);
  EXPECT_EQ(taken.slots, 4);
  EXPECT_THAT(CallsOf(taken.leased), testing::ElementsAre(1, 2, 3, 4));
}

TEST_F(SeatsTest, WhoLeavesGivesItsClaimsBackAndItsSlotsAsItsCallsEnd) {
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

TEST_F(SeatsTest, ClaimsShrinkWithSlots) {
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

TEST_F(SeatsTest, OnlyAStepThatStoresOrLeasesProlongsTheLease) {
  const RunKey run = StartRun(4);
  EXPECT_FALSE(Advance(mine_, run, {}).renewed) << "there is none";
  const auto first = Lease(mine_, run, 1);
  EXPECT_TRUE(first.renewed);
  EXPECT_FALSE(Advance(mine_, run, {}).renewed);
  EXPECT_FALSE(Advance(mine_, run, {.take_over = true}).renewed);
  EXPECT_TRUE(Store(mine_, run, {Finish(first.leased[0])}).renewed);
  EXPECT_TRUE(Advance(mine_, run, {.calls = {2}}).renewed);
}

TEST_F(SeatsTest, LeasesAreRenewedByAnIndexOnTheirOwner) {
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
TEST_F(SeatsTest, ClaimsThatTheStoreHasLostAreNotConfirmed) {
  const RunKey run = StartRun(8);
  Lease(mine_, run, 2);
  test_database_.Execute("UPDATE demo_run_leases SET claimed = '{}'; UPDATE demo_batch_test_runs SET next_prompt = 3");
  const auto step = Advance(mine_, run, {.calls = {3, 4}, .held = {1, 2, 3, 4, 5, 6}});
  EXPECT_FALSE(step.lost);
  EXPECT_THAT(step.calls, testing::IsEmpty());
  fences_[&mine_] = 0;
  EXPECT_THAT(IdsOf(Lease(mine_, run, 2).leased), testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(SeatsTest, ARunThatLostResultsWithItsLeasesGoesOnAndEnds) {
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

TEST_F(SeatsTest, ARunThatLostItsEndEnds) {
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

TEST_F(SeatsTest, ARunWhosePromptsAreMissingFails) {
  const RunKey run = StartRun(4);
  Lease(mine_, run, 2);
  test_database_.Execute("DELETE FROM demo_run_leases; DELETE FROM demo_run_prompts WHERE prompt_id = 2");
  EXPECT_EQ(Lease(theirs_, run, 2).run->status(), pb::RUN_STATUS_FAILED);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::IsEmpty());
}

TEST_F(SeatsTest, WhatAnotherTookOverIsCalledNoMore) {
  const RunKey run = StartRun(4);
  Lease(mine_, run, 2);
  LetLeasesEnd();
  EXPECT_THAT(IdsOf(Lease(theirs_, run, 2).leased), testing::ElementsAre(1, 2, 3, 4));
  const auto late = Advance(mine_, run, {.calls = {3}});
  EXPECT_TRUE(late.lost);
  EXPECT_THAT(late.calls, testing::IsEmpty());
}

TEST_F(SeatsTest, WhatTwoProcessesDiedOfIsCalledAloneSoThatTheThirdDeathShowsWhoseFaultItIs) {
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

TEST_F(SeatsTest, APromptWhoseLeaseItsHolderNeverHeardOfIsGivenAgain) {
  const RunKey run = StartRun(3);
  Lease(mine_, run, 1);
  const auto again = Lease(mine_, run, 2);
  EXPECT_THAT(CallsOf(again.leased), testing::ElementsAre(1, 2));
  EXPECT_THAT(TakeoversOf(again.leased), testing::ElementsAre(0, 0, 0));
}

TEST_F(SeatsTest, RenewalKeepsALeaseAndTellsItsFenceUntilAnotherTakesTheRunOver) {
  const RunKey run = StartRun(3);
  const auto step = Lease(mine_, run, 3);
  LetLeasesEnd();
  const auto renewed = Await(io_, mine_.Renew(Soon()));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  ASSERT_THAT(*renewed, testing::ElementsAre(testing::Key(run)));
  EXPECT_EQ(renewed->at(run).fence, step.fence);
  EXPECT_GT(TimeLeft(renewed->at(run).until), absl::ZeroDuration());
  EXPECT_THAT(Lease(theirs_, run, 3).leased, testing::IsEmpty());
  LetLeasesEnd();
  EXPECT_THAT(IdsOf(Lease(theirs_, run, 3).leased), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(*Await(io_, mine_.Renew(Soon())), testing::IsEmpty());
  LetLeasesEnd();
  EXPECT_GT(Lease(mine_, run, 3).fence, step.fence);
}

TEST_F(SeatsTest, AnyNumberOfLeasesIsRenewedAndNoneThatLastsLongEnough) {
  test_database_.Execute(fmt::format(R"(
    INSERT INTO demo_batch_test_runs (demo_session_id, demo_user_id, test_suite_id, model_name, status, completed_at)
    SELECT '{0}', '{0}', gen_random_uuid(), 'Model', 'failed', now() FROM generate_series(1, 450);
    INSERT INTO demo_run_leases (demo_session_id, test_run_id, owner, fence, slots, lease_until, prompts)
    SELECT demo_session_id, id, '{1}'::uuid, 7, 0, now(), ARRAY[]::int[] FROM demo_batch_test_runs)",
                                     session_, mine_.owner()));
  const auto renewed = Await(io_, mine_.Renew(Soon()));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_THAT(*renewed, testing::SizeIs(450));
  for (const auto& [run, lease] : *renewed) EXPECT_GT(TimeLeft(lease.until), absl::ZeroDuration());
  EXPECT_THAT(*Await(io_, theirs_.Renew(Soon())), testing::IsEmpty());

  test_database_.Execute("UPDATE demo_run_leases SET lease_until = now() + interval '1 hour'");
  const auto again = Await(io_, mine_.Renew(Soon()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(*again, testing::SizeIs(450));
  for (const auto& [run, lease] : *again) EXPECT_GT(TimeLeft(lease.until), absl::Minutes(30)) << "it was shortened";
}

TEST_F(SeatsTest, WhatIsGivenBackIsFreeAtOnce) {
  const RunKey run = StartRun(1);
  Lease(mine_, run, 1);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::IsEmpty());
  ASSERT_TRUE(Await(io_, mine_.LeaveAll(Soon())).ok());
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::ElementsAre(run));
  EXPECT_EQ(Lease(theirs_, run, 1).leased.at(0).takeovers, 0);
}

TEST_F(SeatsTest, WhatCameBackIsToldFromWhatIsFresh) {
  const RunKey run = StartRun(8);
  const auto first = Lease(mine_, run, 2).leased;
  for (const LeasedPrompt& prompt : first) EXPECT_FALSE(prompt.came_back) << prompt.prompt_id;
  ASSERT_TRUE(Await(io_, mine_.Leave(Soon(), run)).ok());
  for (const LeasedPrompt& prompt : Lease(theirs_, run, 4).leased) {
    EXPECT_EQ(prompt.came_back, prompt.prompt_id <= static_cast<int>(first.size())) << prompt.prompt_id;
  }
}

}  // namespace
}  // namespace ftl::batch_runner
