#pragma once

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/metrics.h"
#include "services/batch-runner/store/door_store.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_looks.h"
#include "services/batch-runner/store/run_starts.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/uuid.h"
#include "services/batch-runner/store/work_store.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {

using namespace boost::asio::experimental::awaitable_operators;

inline Deadline Soon() { return DeadlineIn(absl::Seconds(10)); }

// A database of its own, a session in it, and two processes that work on its runs.
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
    const auto run =
        Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), session_, NewUuid(), "Model", std::move(plan), {}));
    EXPECT_TRUE(run.ok()) << run.status();
    return {session_, run->run.id()};
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
  SharedCommits shared_starts_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("starts", 2),
                               database_};
  SharedCommits shared_looks_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("looks", 2), database_};
  RunStarts starts_{shared_starts_, database_};
  RunLooks looks_{shared_looks_, database_};
  RunStore runs_{database_};
  ResultStore results_{database_};
  SharedCommits steps_{io_.get_executor(), test_database_.As("ftl_batch_runner").ForLane("steps", 2), database_};
  WorkStore mine_{steps_, database_, NewUuid()};
  WorkStore theirs_{steps_, database_, NewUuid()};
  std::map<WorkStore*, int64_t> fences_;
};

}  // namespace ftl::batch_runner
