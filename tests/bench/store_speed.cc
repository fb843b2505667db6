// How fast batch-runner's own store takes results in, from the prompts' lease to the last commit, without any call: in
// steps of so many results of 1.5 KB, as runs of such a concurrency make them (256 and 128, or 4 and 4).
// One run at a time in each session; what runs wait for, others use.
//   store_speed DATABASE_URL RESULTS CONCURRENCY STEP SESSION_ID…   → {"stored":30000,"took_ms":…,"per_second":…}
#include <chrono>
#include <iostream>
#include <stdexcept>

#include <fmt/format.h>

#include "common/db/database.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/store/run_starts.h"
#include "services/batch-runner/store/uuid.h"
#include "services/batch-runner/store/work_store.h"
#include "tests/support/await.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kAnswerBytes = 1500;

// As many prompts as one step claims, so that the installation's own batch-runner finds nothing left to do.
RunPlan PlanFor(int concurrency) {
  RunPlan plan;
  plan.suite_id = NewUuid();
  plan.suite_name = "Storing";
  plan.parameters.set_concurrency(concurrency);
  plan.prompts.resize(3 * concurrency);
  for (size_t i = 0; i < plan.prompts.size(); ++i) {
    plan.prompts[i].set_prompt(fmt::format("Benchmark prompt number {}", i + 1));
  }
  return plan;
}

FinishedPrompt Answered(const LeasedPrompt& leased) {
  FinishedPrompt finished{.fence = leased.fence, .result = {}};
  pb::Result& result = finished.result;
  result.set_prompt_id(leased.prompt_id);
  result.set_prompt(leased.prompt.prompt());
  result.set_response(std::string(kAnswerBytes, 'x'));
  result.set_success(true);
  result.set_outcome(finetunelab::endpoint::v1::OUTCOME_OK);
  result.set_model_id("sample-zero");
  result.set_attempts(1);
  result.set_http_status(200);
  result.mutable_latency()->set_nanos(1'500'000);
  result.set_output_tokens(375);
  return finished;
}

class Storing {
 public:
  Storing(std::string url, int concurrency, size_t step)
      : concurrency_(concurrency),
        step_(step),
        settings_{.url = std::move(url),
                  .role = "ftl_batch_runner",
                  .server_settings = "-c plan_cache_mode=force_generic_plan"} {}

  // Stores `results` at least; from the first lease to the last commit, without what creating the runs takes.
  absl::StatusOr<int> StoreRuns(const std::vector<std::string>& sessions, int results) {
    int stored = 0;
    while (stored < results) {
      std::vector<RunKey> runs;
      for (const std::string& session : sessions) {
        const RunKey run{session, NewUuid()};
        TRY(Await(io_, starts_.Create(OwnCall(absl::Seconds(10)), session, run.test_run_id, "Model",
                                      PlanFor(concurrency_), {})));
        runs.push_back(run);
      }
      absl::Status fault;
      const auto began = std::chrono::steady_clock::now();
      for (const RunKey& run : runs) {
        asio::co_spawn(io_, StoreRun(run), [&](std::exception_ptr failure, absl::StatusOr<int> of_run) {
          if (failure) std::rethrow_exception(failure);
          fault.Update(of_run.status());
          stored += of_run.value_or(0);
        });
      }
      io_.restart();
      io_.run();
      took_ += std::chrono::steady_clock::now() - began;
      TRY(fault);
    }
    return stored;
  }
  double took_ms() const { return std::chrono::duration<double, std::milli>(took_).count(); }

 private:
  Task<int> StoreRun(RunKey run) {
    WorkStore::Request request{.wants_more = true, .concurrency = concurrency_};
    CO_TRY(WorkStore::Step step, co_await work_.Advance(DeadlineIn(absl::Seconds(10)), run, request));
    request = {.fence = step.fence};
    int stored = 0;
    // As many as there are slots may be called; each step names as many of those claimed as it stores.
    std::vector<LeasedPrompt> leased = std::move(step.leased);
    for (size_t i = 0; i < leased.size(); i += step_) {
      request.finished.clear();
      request.calls.clear();
      for (size_t j = i; j < std::min(i + step_, leased.size()); ++j) {
        request.finished.push_back(Answered(leased[j]));
        if (j + concurrency_ < leased.size()) request.calls.push_back(leased[j + concurrency_].prompt_id);
      }
      CO_TRY(step, co_await work_.Advance(DeadlineIn(absl::Seconds(10)), run, request));
      stored += static_cast<int>(step.stored.size());
    }
    if (step.status != pb::RUN_STATUS_COMPLETED) throw std::runtime_error("somebody else worked on the run");
    CO_TRY(co_await work_.Leave(DeadlineIn(absl::Seconds(10)), run));
    co_return stored;
  }

  const int concurrency_;
  const size_t step_;
  const DatabaseSettings settings_;
  asio::io_context io_;
  Database database_{io_.get_executor(), settings_};
  SharedCommits steps_{io_.get_executor(), settings_.ForLane("steps", 2), database_};
  RunStarts starts_{steps_, database_};
  WorkStore work_{steps_, database_, NewUuid()};
  std::chrono::steady_clock::duration took_{};
};

int Main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "usage: store_speed DATABASE_URL RESULTS CONCURRENCY STEP SESSION_ID...\n";
    return 64;
  }
  Storing storing(argv[1], std::stoi(argv[3]), std::stoul(argv[4]));
  std::vector<std::string> sessions;
  for (int i = 5; i < argc; ++i) {
    const auto session = SessionHashOf(argv[i]);
    if (!session.ok()) throw std::runtime_error("no session id");
    sessions.push_back(*session);
  }
  const auto stored = storing.StoreRuns(sessions, std::stoi(argv[2]));
  if (!stored.ok()) {
    std::cerr << stored.status() << '\n';
    return 1;
  }
  fmt::print("{{\"stored\":{},\"took_ms\":{:.1f},\"per_second\":{:.0f}}}\n", *stored, storing.took_ms(),
             *stored / storing.took_ms() * 1000);
  return 0;
}

}  // namespace
}  // namespace ftl::batch_runner

int main(int argc, char** argv) {
  try {
    return ftl::batch_runner::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
