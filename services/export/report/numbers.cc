#include "services/export/report/numbers.h"

#include <algorithm>
#include <utility>

#include <absl/time/clock.h>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl::exporter {
namespace {

namespace analytics = finetunelab::analytics::v1;
using Async = class analytics::AnalyticsService::Stub::async;

// A million results take 2 s where no summary is stored.
constexpr absl::Duration kLimit = absl::Seconds(30);

CallContext Limited(CallContext call) {
  call.deadline = std::min(call.deadline, DeadlineIn(kLimit));
  return call;
}

// A question about one run up to its last sequence. A run's id needs no session's.
template <typename Request>
Request OfOne(const finetunelab::batch_runner::v1::Run& run) {
  Request request;
  request.set_test_run_id(run.id());
  if (IsGoing(run)) request.set_up_to_sequence(run.last_sequence());
  return request;
}

}  // namespace

Numbers::Numbers(const std::shared_ptr<grpc::Channel>& analytics)
    : analytics_(analytics::AnalyticsService::NewStub(analytics)),
      comparisons_(analytics::ComparisonsService::NewStub(analytics)) {}

Task<analytics::GetMetricsResponse> Numbers::Of(const CallContext& call, const Report& report, std::string session_id,
                                                std::string test_run_id) {
  analytics::GetMetricsRequest request;
  request.set_session_id(std::move(session_id));
  request.set_test_run_id(std::move(test_run_id));
  // A session has one run at a time, so that one at most has to be cut.
  const auto going = std::find_if(report.runs.begin(), report.runs.end(), IsGoing);
  if (going != report.runs.end()) {
    request.set_up_to_sequence(going->last_sequence());
    request.set_up_to_run_id(going->id());
  }
  co_return co_await rpc::Call(Limited(call), analytics_->async(), &Async::GetMetrics, std::move(request));
}

Task<RunFindings> Numbers::OfRun(const CallContext& call, const finetunelab::batch_runner::v1::Run& run,
                                 const analytics::GetMetricsResponse* metrics) {
  RunFindings findings;
  findings.run = run;
  if (metrics != nullptr) {
    findings.metrics = *metrics;
  } else {
    CO_TRY(findings.metrics, co_await rpc::Call(Limited(call), analytics_->async(), &Async::GetMetrics,
                                                OfOne<analytics::GetMetricsRequest>(run)));
  }
  CO_TRY(findings.distribution, co_await rpc::Call(Limited(call), analytics_->async(), &Async::GetLatencyDistribution,
                                                   OfOne<analytics::GetLatencyDistributionRequest>(run)));
  // Of a run that goes on it would tell what has happened since.
  if (IsGoing(run)) co_return findings;
  analytics::SummarizeRequest request;
  request.set_test_run_id(run.id());
  CO_TRY(const analytics::SummarizeResponse summary,
         co_await rpc::Call(Limited(call), analytics_->async(), &Async::Summarize, std::move(request)));
  findings.verdict = summary.text();
  co_return findings;
}

Task<analytics::CompareRunsResponse> Numbers::Between(const CallContext& call,
                                                      const finetunelab::batch_runner::v1::Run& base,
                                                      const finetunelab::batch_runner::v1::Run& other) {
  analytics::CompareRunsRequest request;
  request.set_base(base.id());
  request.set_other(other.id());
  // A session has one run at a time, the latest.
  if (IsGoing(other)) {
    request.set_up_to_sequence(other.last_sequence());
    request.set_up_to_run_id(other.id());
  }
  co_return co_await rpc::Call(Limited(call), analytics_->async(), &Async::CompareRuns, std::move(request));
}

Task<ComparisonReport> Numbers::OfComparison(const CallContext& call, std::string owner, std::string id) {
  using Stub = analytics::ComparisonsService::Stub;
  ComparisonReport report{.taken_at = absl::Now()};
  analytics::GetComparisonRequest asked;
  asked.set_owner(owner);
  asked.set_id(std::move(id));
  CO_TRY(report.comparison,
         co_await rpc::Call(Limited(call), comparisons_->async(), &Stub::async::GetComparison, std::move(asked)));
  analytics::GetStandingsRequest standings;
  standings.set_owner(std::move(owner));
  standings.set_project(report.comparison.project());
  CO_TRY(report.standings,
         co_await rpc::Call(Limited(call), comparisons_->async(), &Stub::async::GetStandings, std::move(standings)));
  co_return report;
}

}  // namespace ftl::exporter
