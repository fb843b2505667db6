// Runs as they are stored, found, seen and ended.
#include "services/batch-runner/store/work_store_fixture.h"

#include <numeric>

namespace ftl::batch_runner {
namespace {

using RunStoreTest = WorkStoreTest;

RunPlan PlanOf(int prompts, int concurrency) {
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.difficulty = pb::DIFFICULTY_HARD;
  plan.parameters.set_concurrency(concurrency);
  for (int i = 1; i <= prompts; ++i) {
    pb::Prompt& prompt = plan.prompts.emplace_back();
    prompt.set_prompt("prompt " + std::to_string(i));
    prompt.set_category("kind " + std::to_string(i));
    prompt.set_expected_answer("answer " + std::to_string(i));
    prompt.add_checks()->set_kind(pb::CHECK_KIND_IS_JSON);
  }
  return plan;
}

// What the database knows of the lease of the only run, and the run's own part of it.
constexpr Query kLeaseKept{"", R"(
  SELECT concat_ws(' ', status, started_at IS NOT NULL, next_prompt, last_fence, owner, fence, slots, busy,
                   lease_until > now(), prompts, claimed) AS all
  FROM demo_batch_test_runs r LEFT JOIN demo_run_leases l ON l.test_run_id = r.id WHERE r.status IN ('pending', 'running'))"};

class FirstPromptsTest : public WorkStoreTest {
 protected:
  // What is known of a run's first lease, here and in the database; the run is ended.
  struct Leased {
    std::string kept;
    WorkStore::Step step;
  };
  Leased Stored(const RunPlan& plan, const std::optional<FirstPrompts>& first) {
    const RunKey run{session_, NewUuid()};
    const CallContext call = OwnCall(absl::Seconds(10));
    const auto created = Await(io_, starts_.Create(call, session_, run.test_run_id, "Model", plan, {}, first));
    EXPECT_TRUE(created.ok()) << created.status();
    fences_.clear();
    Leased leased;
    leased.step = first ? first->StepOf(plan) : Lease(mine_, run, plan.parameters.concurrency());
    leased.kept = Await(io_, superuser_.Run(Soon(), SessionScope::None(), kLeaseKept))->Only().Get<std::string>("all");
    EXPECT_TRUE(
        Await(io_, runs_.End(call, session_, run.test_run_id, {.status = pb::RUN_STATUS_CANCELLED, .error = ""})).ok());
    return leased;
  }
  std::optional<FirstPrompts> FirstOf(const RunPlan& plan) {
    const auto session = Await(io_, runs_.LoadSession(OwnCall(absl::Seconds(5)), session_));
    EXPECT_TRUE(session.ok()) << session.status();
    return FirstPrompts::Of(plan, mine_.owner(), session->calls_allowed);
  }
  void ExpectTheLeaseOfAStep(const RunPlan& plan) {
    const Leased first = Stored(plan, FirstOf(plan));
    const Leased by_step = Stored(plan, std::nullopt);
    EXPECT_EQ(first.kept, by_step.kept);
    EXPECT_EQ(first.step.fence, by_step.step.fence);
    EXPECT_EQ(first.step.slots, by_step.step.slots);
    EXPECT_EQ(first.step.slowed, by_step.step.slowed);
    EXPECT_EQ(first.step.more, by_step.step.more);
    EXPECT_EQ(first.step.renewed, by_step.step.renewed);
    EXPECT_EQ(CallsOf(first.step.leased), CallsOf(by_step.step.leased));
    ASSERT_EQ(IdsOf(first.step.leased), IdsOf(by_step.step.leased));
    for (size_t i = 0; i < first.step.leased.size(); ++i) {
      const LeasedPrompt& one = first.step.leased[i];
      const LeasedPrompt& other = by_step.step.leased[i];
      EXPECT_EQ(one.prompt.SerializeAsString(), other.prompt.SerializeAsString());
      EXPECT_EQ(one.difficulty, other.difficulty);
      EXPECT_EQ(one.fence, other.fence);
      EXPECT_EQ(one.came_back, other.came_back);
    }
  }

  Database superuser_{io_.get_executor(), {.url = test_database_.url()}};
};

TEST_F(FirstPromptsTest, ARunIsStoredWithTheLeaseThatAFirstStepWouldGive) {
  ExpectTheLeaseOfAStep(PlanOf(20, 4));
  ExpectTheLeaseOfAStep(PlanOf(7, 4));
  ExpectTheLeaseOfAStep(PlanOf(3, 4));
  ExpectTheLeaseOfAStep(PlanOf(1, 1));
}

TEST_F(FirstPromptsTest, AnEndpointThatAskedToSlowDownIsCalledNoFaster) {
  test_database_.Execute(
      "INSERT INTO demo_endpoint_pace (demo_session_id, allowed, lowered_at) "
      "SELECT session_id, 2, now() FROM demo_model_configs");
  EXPECT_EQ(FirstOf(PlanOf(20, 4))->slots, 2);
  ExpectTheLeaseOfAStep(PlanOf(20, 4));
  test_database_.Execute(
      "UPDATE demo_endpoint_pace SET lowered_at = now() - interval '2 minutes', "
      "next_call_at = now() - interval '2 minutes'");
  EXPECT_EQ(FirstOf(PlanOf(20, 4))->slots, 4) << "it was long ago";
}

TEST_F(FirstPromptsTest, WhereCallsAMinuteAreLimitedAStepDrawsTheFirst) {
  RunPlan plan = PlanOf(2, 1);
  plan.parameters.set_requests_per_minute(60);
  EXPECT_EQ(FirstOf(plan), std::nullopt);
}

TEST_F(FirstPromptsTest, NobodyElseLooksForARunThatIsLeasedAndItsResultsAreTaken) {
  const RunPlan plan = PlanOf(8, 2);
  const RunKey run{session_, NewUuid()};
  const auto first = FirstOf(plan);
  const auto created =
      Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), session_, run.test_run_id, "Model", plan, {}, first));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->run.status(), pb::RUN_STATUS_RUNNING);
  EXPECT_THAT(*Await(io_, theirs_.RunsWithWork(Soon())), testing::IsEmpty());
  const WorkStore::Step step = first->StepOf(plan);
  fences_[&mine_] = step.fence;
  EXPECT_EQ(Store(mine_, run, {Finish(step.leased[0])}).stored.size(), 1u);
  LetLeasesEnd();
  EXPECT_EQ(Await(io_, theirs_.RunsWithWork(Soon()))->size(), 1u) << "its process has died";
}

TEST_F(RunStoreTest, ASecondRunWaitsForTheFirstAndARepeatedKeyGivesTheFirst) {
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.emplace_back().set_prompt("x");
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto first = Await(io_, starts_.Create(call, session_, NewUuid(), "Model", plan, {.key = "k", .digest = "d"}));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Await(io_, starts_.Create(call, session_, NewUuid(), "Model", plan, {.key = "k", .digest = "d"}))->run.id(),
            first->run.id());
  EXPECT_EQ(
      ReasonOf(
          Await(io_, starts_.Create(call, session_, NewUuid(), "Model", plan, {.key = "k", .digest = "e"})).status()),
      Reason::kIdempotencyKeyReused);
  EXPECT_EQ(ReasonOf(Await(io_, starts_.Create(call, session_, NewUuid(), "Model", plan, {})).status()),
            Reason::kRunInProgress);
}

TEST_F(RunStoreTest, NothingOfARunIsStoredInASessionThatIsOver) {
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now() - interval '1 second'");
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.prompts.emplace_back().set_prompt("x");
  const auto created = Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), session_, NewUuid(), "Model", plan, {}));
  EXPECT_EQ(ReasonOf(created.status()), Reason::kSessionExpired) << created.status();
  Database superuser(io_.get_executor(), {.url = test_database_.url()});
  constexpr Query kCount{
      "", "SELECT (SELECT count(*) FROM demo_batch_test_runs) + (SELECT count(*) FROM demo_run_prompts) AS n"};
  const auto left = Await(io_, superuser.Run(Soon(), SessionScope::None(), kCount));
  EXPECT_EQ(left->Only().Get<int64_t>("n"), 0);
}

TEST_F(RunStoreTest, ARunIsFoundByItsIdAndOnlyWithItsOwnSession) {
  const RunKey run = StartRun(1);
  const CallContext call = OwnCall(absl::Seconds(10));
  EXPECT_EQ(*Await(io_, runs_.SessionOfRun(call, run.test_run_id, "")), session_);
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, NewUuid(), "")).status()), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, "no uuid", "")).status()), Reason::kRunNotFound);
  const std::string other = "demo-" + std::string(64, '0');
  EXPECT_EQ(ReasonOf(Await(io_, runs_.SessionOfRun(call, run.test_run_id, other)).status()), Reason::kRunNotFound);
}

TEST_F(RunStoreTest, ARunIsSeenWithItsResultsInOneRoundTrip) {
  const RunKey run = StartRun(5);
  const auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[2]), Finish(leased[0], false), Finish(leased[3])});
  SharedCommits shared(io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("one_look", 1), database_);
  RunLooks looks(shared, database_);
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto view =
      Await(io_, looks.Look(call, "", run.test_run_id, {.after_prompt = 1, .limit = 1, .manifest = true}));
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
    return ReasonOf(Await(io_, looks.Look(call, std::move(session), std::move(test_run_id), {})).status());
  };
  EXPECT_TRUE(Await(io_, looks.Look(call, session_, run.test_run_id, {})).ok());
  EXPECT_EQ(reason_of(std::string(64, '0'), run.test_run_id), Reason::kRunNotFound);
  RunLooks at_first(shared, database_);
  EXPECT_EQ(ReasonOf(Await(io_, at_first.Look(call, std::string(64, '0'), run.test_run_id, {})).status()),
            Reason::kRunNotFound);
  EXPECT_EQ(reason_of("", NewUuid()), Reason::kRunNotFound) << "and what was entered before is left";
  EXPECT_EQ(reason_of("", "no uuid"), Reason::kRunNotFound);
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now()");
  EXPECT_EQ(reason_of("", run.test_run_id), Reason::kSessionExpired);
}

TEST_F(RunStoreTest, LooksOfOneMomentShareATransactionAndEachSeesItsOwnRun) {
  const std::string other = test_database_.AddSession('b');
  const RunKey run = StartRun(2);
  const auto created =
      Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), other, NewUuid(), "Model", PlanOf(3, 1), {}));
  ASSERT_TRUE(created.ok()) << created.status();
  const auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[0])});
  SharedCommits shared(io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("looks_together", 1),
                       database_);
  RunLooks looks(shared, database_);
  const auto look = [&](std::string id) { return looks.Look(OwnCall(absl::Seconds(10)), "", std::move(id), {}); };
  auto all = [&]() -> asio::awaitable<std::vector<absl::StatusOr<RunLooks::View>>> {
    auto [one, two, none] = co_await (look(run.test_run_id) && look(created->run.id()) && look(NewUuid()));
    std::vector<absl::StatusOr<RunLooks::View>> views;
    for (auto* view : {&one, &two, &none}) views.push_back(std::move(*view));
    co_return views;
  };
  for (const char* times : {"at first", "and when their sessions are known"}) {
    const auto views = Await(io_, all());
    ASSERT_TRUE(views[0].ok() && views[1].ok()) << views[0].status() << views[1].status();
    EXPECT_EQ(views[0]->run.id(), run.test_run_id) << times;
    EXPECT_EQ(views[0]->page.results.size(), 1u) << times;
    EXPECT_EQ(views[1]->run.total_prompts(), 3) << times;
    EXPECT_EQ(views[1]->page.results.size(), 0u) << times;
    EXPECT_EQ(ReasonOf(views[2].status()), Reason::kRunNotFound) << times;
  }
  EXPECT_THAT(metrics::Exposition(),
              testing::HasSubstr("ftl_database_wait_seconds_count{application=\"tests\",lane=\"looks_together\"} 2\n"));
}

TEST_F(RunStoreTest, ARunIsSeenWithNoResultThatItDoesNotCount) {
  const RunKey run = StartRun(2);
  const auto leased = Lease(mine_, run, 4).leased;
  Store(mine_, run, {Finish(leased[0]), Finish(leased[1])});
  // As if the second had been stored between the two statements.
  test_database_.Execute(
      "UPDATE demo_batch_test_runs SET completed_prompts = 1, "
      "last_sequence = 1, status = 'running', completed_at = NULL");
  const auto view = Await(io_, looks_.Look(OwnCall(absl::Seconds(10)), session_, run.test_run_id, {}));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->page.results.size(), 1u);
}

TEST_F(RunStoreTest, ARunKeepsAManifestWhoseDigestsTellWhetherTwoRunsWereTheSame) {
  const CallContext call = OwnCall(absl::Seconds(10));
  const auto manifest_of = [&](int prompts) {
    const RunKey run = StartRun(prompts);
    const auto view = Await(io_, looks_.Look(call, session_, run.test_run_id, {.manifest = true}));
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

TEST_F(RunStoreTest, ARunSaysUntilWhenItWaitsWhileItGoesOn) {
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

TEST_F(RunStoreTest, AKeyThatGoesWithARunIsForgottenFromItsEndOn) {
  test_database_.Execute("UPDATE demo_model_configs SET forget_key_after_run = true");
  const RunKey run = StartRun(1);
  const auto state = [&] { return *Await(io_, runs_.LoadSession(OwnCall(absl::Seconds(5)), session_)); };
  const auto leased = Lease(mine_, run, 1).leased;
  EXPECT_FALSE(state().key_forgotten);
  Store(mine_, run, {Finish(leased[0])});
  EXPECT_TRUE(state().key_forgotten) << "by the transaction that stored the last result";
  EXPECT_TRUE(state().forget_key_after_run);
}

TEST_F(RunStoreTest, AClosedSessionTakesNothing) {
  const RunKey run = StartRun(1);
  const auto leased = Lease(mine_, run, 1).leased;
  test_database_.Execute("DELETE FROM demo_model_configs");
  EXPECT_TRUE(Advance(mine_, run, {.finished = {Finish(leased[0])}, .wants_more = true}).gone);
}

}  // namespace
}  // namespace ftl::batch_runner
