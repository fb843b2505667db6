#include "services/batch-runner/rpc/batch_runner_service.h"

#include <algorithm>

#include <absl/cleanup/cleanup.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "common/endpoint/credential.h"
#include "common/endpoint/url/provider.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/rpc/paging.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/rpc/idempotency_of.h"
#include "services/batch-runner/rpc/watch_run.h"
#include "services/batch-runner/run/plan.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/store/uuid.h"
#include "services/batch-runner/suite/own_suite.h"

namespace ftl::batch_runner {
namespace {

// The hash of an optional session; empty for none.
absl::StatusOr<std::string> OptionalSession(std::string_view session_id) {
  if (session_id.empty()) return std::string();
  return SessionHashOf(session_id);
}

// Whether a run is certainly not stored.
bool IsRefused(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kRunInProgress || reason == Reason::kIdempotencyKeyReused;
}

// Their bytes are not known without a walk over all of them.
constexpr int kManyPrompts = 500;

absl::StatusOr<int64_t> NumberAt(const std::string& list, const std::string& token) {
  TRY(const std::string position, PagePosition(list, token));
  int64_t number = 0;
  (void)absl::SimpleAtoi(position, &number);
  return number;
}

}  // namespace

Task<pb::ListSuitesResponse> BatchRunnerService::ListSuites(const CallContext& call,
                                                            const pb::ListSuitesRequest& request) {
  CO_TRY(const size_t page_size, PageSize(request.page_size()));
  CO_TRY(std::string session, OptionalSession(request.session_id()));
  const auto domain = request.has_task_domain() ? std::optional(request.task_domain()) : std::nullopt;
  const std::string list = fmt::format("suites {} {}", session, domain ? pb::TaskDomain_Name(*domain) : "");
  CO_TRY(const int64_t position, NumberAt(list, request.page_token()));
  CO_TRY(auto suites, co_await parts_.desk.suites().List(call, std::move(session), domain));
  const size_t first = std::min(suites.size(), static_cast<size_t>(position));
  const size_t end = std::min(suites.size(), first + page_size);
  pb::ListSuitesResponse response;
  response.set_total(static_cast<int32_t>(suites.size()));
  for (size_t i = first; i < end; ++i) *response.add_suites() = std::move(suites[i]);
  if (end < suites.size()) response.set_next_page_token(PageToken(list, std::to_string(end)));
  co_return response;
}

Task<pb::GetSuiteResponse> BatchRunnerService::GetSuite(const CallContext& call, const pb::GetSuiteRequest& request) {
  CO_TRY(std::string session, OptionalSession(request.session_id()));
  CO_TRY(const pb::Suite suite, co_await parts_.desk.suites().Get(call, std::move(session), request.id()));
  pb::GetSuiteResponse response;
  CopyFields(suite, response);
  co_return response;
}

Task<pb::CreateSuiteResponse> BatchRunnerService::CreateSuite(const CallContext& call,
                                                              const pb::CreateSuiteRequest& request) {
  CO_TRY(std::string session, SessionHashOf(request.session_id()));
  std::vector<std::string> left_out;
  const auto read = [&] { return OwnSuite(request, &left_out); };
  const bool is_large = request.content().size() > ReadingThread::kWorthIt || request.prompts_size() > kManyPrompts;
  absl::StatusOr<pb::Suite> suite = absl::UnknownError("not read");
  if (is_large) {
    suite = co_await parts_.reading.Run(read);
  } else {
    suite = read();
  }
  CO_TRY(suite.status());
  CO_TRY(const pb::Suite stored,
         co_await parts_.desk.suites().Create(call, std::move(session), *std::move(suite), IdempotencyOf(request)));
  pb::CreateSuiteResponse response;
  CopyFields(stored, response);
  for (std::string& name : left_out) response.add_left_out(std::move(name));
  co_return response;
}

Task<pb::PreviewSuiteResponse> BatchRunnerService::PreviewSuite(const CallContext&,
                                                                const pb::PreviewSuiteRequest& request) {
  const auto read = [&] { return PreviewOf(request); };
  const bool is_large = request.content().size() + request.raw_content().size() > ReadingThread::kWorthIt;
  if (is_large) co_return co_await parts_.reading.Run(read);
  co_return read();
}

Task<pb::TestConnectionResponse> BatchRunnerService::TestConnection(const CallContext& call,
                                                                    const pb::TestConnectionRequest& request) {
  CO_TRY(std::string session, SessionHashOf(request.session_id()));
  co_return co_await parts_.probe.Test(call, std::move(session));
}

Task<pb::ListModelsResponse> BatchRunnerService::ListModels(const CallContext& call,
                                                            const pb::ListModelsRequest& request) {
  if (!request.session_id().empty()) {
    CO_TRY(std::string session, SessionHashOf(request.session_id()));
    co_return co_await parts_.models.OfSession(call, std::move(session));
  }
  if (request.endpoint_url().empty()) {
    co_return Refuse(Reason::kInvalidField, "Give session_id, or endpoint_url and api_key.")
        .Field("session_id", "is missing, and endpoint_url is too");
  }
  CO_TRY(const std::string_view key, CleanKey(request.api_key()));
  CO_TRY(Secret header_lines, HeaderLines(request.headers()));
  Credential credential(Secret(key), std::move(header_lines));
  co_return co_await parts_.models.OfEndpoint(call, request.endpoint_url(), std::move(credential));
}

Task<pb::StartRunResponse> BatchRunnerService::StartRun(const CallContext& call, const pb::StartRunRequest& request) {
  CO_TRY(const std::string session_hash, SessionHashOf(request.session_id()));
  CO_TRY(CheckedParameters(request));
  CO_TRY(RunGround ground, co_await parts_.desk.starts().LoadGround(call, session_hash, request.test_suite_id()));
  const RunSession& session = ground.session;
  if (!session.connection_tested) {
    co_return Refuse(Reason::kConnectionNotTested,
                     "Test the connection first, with POST /api/demo/v2/configure/test; a run needs one that passed.");
  }
  if (session.key_forgotten) {
    co_return Refuse(Reason::kKeyForgotten, "This session's key has been forgotten after its run. Open a new session.");
  }
  CO_TRY(const pb::Suite suite, std::move(ground.suite));
  Idempotency idempotency = IdempotencyOf(request);
  CO_TRY(std::optional<pb::Run> run, co_await parts_.desk.starts().Repeated(call, session_hash, idempotency));
  if (!run) {
    const int64_t left = parts_.settings.prompts_per_session - session.prompts_used;
    CO_TRY(const RunPlan plan, PlanRun(request, suite, parts_.settings.prompts_per_session, left));
    CO_TRY(run, co_await StoreAndBegin(call, session_hash, session, plan, std::move(idempotency)));
  }
  pb::StartRunResponse response;
  response.set_success(true);
  response.set_test_run_id(run->id());
  response.set_status(run->status());
  response.set_total_prompts(run->total_prompts());
  co_return response;
}

Task<pb::Run> BatchRunnerService::StoreAndBegin(const CallContext& call, std::string session_hash,
                                                const RunSession& session, const RunPlan& plan,
                                                Idempotency idempotency) {
  const RunKey key{session_hash, NewUuid()};
  Dispatcher& dispatcher = parts_.dispatcher;
  const asio::any_io_executor engine = dispatcher.parts().executor;
  asio::post(engine, [&dispatcher, key, begun = BegunRun{plan.parameters, call.traceparent}] {
    dispatcher.Expect(key, begun);
  });
  bool may_be_stored = true;
  absl::Cleanup let_go = [&] {
    asio::post(engine, [&dispatcher, key, may_be_stored] { dispatcher.LetGo(key, may_be_stored); });
  };
  const auto first = FirstPrompts::Of(plan, parts_.work.owner(), session.calls_allowed);
  const Deadline until = DeadlineIn(WorkStore::kLeaseTime);
  auto created = co_await parts_.desk.starts().Create(call, std::move(session_hash), key.test_run_id,
                                                      session.model_name, plan, std::move(idempotency), first);
  may_be_stored = !created.ok() && !IsRefused(created.status());
  CO_TRY(created.status());
  if (created->is_new) {
    std::move(let_go).Cancel();
    auto lease = first ? std::optional(FirstLease{first->StepOf(plan), until}) : std::nullopt;
    asio::post(engine,
               [&dispatcher, key, lease = std::move(lease)]() mutable { dispatcher.Begin(key, std::move(lease)); });
    run_metrics::Started();
  }
  co_return std::move(created->run);
}

Task<pb::GetRunResponse> BatchRunnerService::GetRun(const CallContext& call, const pb::GetRunRequest& request) {
  pb::GetRunResponse response;
  if (request.test_run_id().empty()) {
    CO_TRY(std::string session, SessionHashOf(request.session_id()));
    CO_TRY(const pb::Run run, co_await parts_.desk.runs().Latest(call, std::move(session)));
    CopyFields(run, response);
    co_return response;
  }
  CO_TRY(const int page_size, PageSize(request.page_size()));
  CO_TRY(const int64_t after, NumberAt("prompts " + request.test_run_id(), request.page_token()));
  CO_TRY(std::string session, OptionalSession(request.session_id()));
  CO_TRY(auto view,
         co_await parts_.desk.looks().Look(
             call, std::move(session), request.test_run_id(),
             {.after_prompt = static_cast<int32_t>(after), .limit = page_size, .manifest = request.manifest()}));
  CopyFields(view.run, response);
  if (request.manifest()) *response.mutable_manifest() = std::move(view.manifest);
  response.set_total(view.run.completed_prompts() + view.run.failed_prompts());
  for (pb::Result& result : view.page.results) *response.add_results() = std::move(result);
  if (view.page.more) {
    const std::string last = std::to_string(response.results(response.results_size() - 1).prompt_id());
    response.set_next_page_token(PageToken("prompts " + request.test_run_id(), last));
  }
  co_return response;
}

Task<pb::ListRunsResponse> BatchRunnerService::ListRuns(const CallContext& call, const pb::ListRunsRequest& request) {
  CO_TRY(std::string session, SessionHashOf(request.session_id()));
  CO_TRY(const int page_size, PageSize(request.page_size()));
  const std::string list = "runs " + session;
  CO_TRY(const int64_t offset, NumberAt(list, request.page_token()));
  CO_TRY(auto page, co_await parts_.desk.runs().List(call, std::move(session), static_cast<int>(offset), page_size));
  pb::ListRunsResponse response;
  response.set_total(page.total);
  for (pb::Run& run : page.runs) *response.add_runs() = std::move(run);
  if (offset + response.runs_size() < page.total) {
    response.set_next_page_token(PageToken(list, std::to_string(offset + response.runs_size())));
  }
  co_return response;
}

Task<pb::ListResultsResponse> BatchRunnerService::ListResults(const CallContext& call,
                                                              const pb::ListResultsRequest& request) {
  CO_TRY(const int page_size, PageSize(request.page_size()));
  const bool by_sequence = request.has_after_sequence();
  const std::string list = (by_sequence ? "sequence " : "prompts ") + request.test_run_id();
  CO_TRY(int64_t after, NumberAt(list, request.page_token()));
  if (by_sequence) after = std::max(after, request.after_sequence());
  CO_TRY(std::string session, OptionalSession(request.session_id()));
  ResultStore::Page page;
  if (by_sequence) {
    CO_TRY(page, co_await parts_.desk.results().BySequence(call, std::move(session), request.test_run_id(), after,
                                                           page_size));
  } else {
    CO_TRY(page, co_await parts_.desk.results().ByPrompt(call, std::move(session), request.test_run_id(),
                                                         static_cast<int32_t>(after), page_size));
  }
  pb::ListResultsResponse response;
  response.set_total(page.total);
  for (pb::Result& result : page.results) *response.add_results() = std::move(result);
  if (page.more) {
    const pb::Result& last = response.results(response.results_size() - 1);
    response.set_next_page_token(PageToken(list, std::to_string(by_sequence ? last.sequence() : last.prompt_id())));
  }
  co_return response;
}

Task<> BatchRunnerService::WatchRun(const CallContext& call, const pb::WatchRunRequest& request,
                                    rpc::Writer<pb::WatchRunResponse>& writer) {
  CO_TRY(std::string session, co_await parts_.runs.SessionOfRun(call, request.test_run_id(), request.session_id()));
  RunWatch watch({.call = call, .runs = parts_.runs, .results = parts_.results, .feed = parts_.feed},
                 std::move(session), request.test_run_id(), request.after_sequence());
  co_return co_await watch.Tell(writer);
}

Task<pb::CancelRunResponse> BatchRunnerService::CancelRun(const CallContext& call,
                                                          const pb::CancelRunRequest& request) {
  CO_TRY(const std::string session,
         co_await parts_.runs.SessionOfRun(call, request.test_run_id(), request.session_id()));
  RunStore::Ending ending{.status = pb::RUN_STATUS_CANCELLED, .error = ""};
  CO_TRY(const pb::Run run, co_await parts_.runs.End(call, session, request.test_run_id(), std::move(ending)));
  parts_.dispatcher.Drop(run.id());
  parts_.feed.Touch(run.id());
  parts_.notifier.Notify("ftl_run_ended", run.id());
  // Perhaps no process works on it.
  const auto state = co_await parts_.runs.LoadSession(call, session);
  const RunKey ended{session, run.id()};
  if (state.ok() && state->forget_key_after_run) (void)co_await parts_.dispatcher.ForgetKey(ended);
  pb::CancelRunResponse response;
  CopyFields(run, response);
  co_return response;
}

}  // namespace ftl::batch_runner
