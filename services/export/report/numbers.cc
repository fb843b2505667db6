#include "services/export/report/numbers.h"

#include <algorithm>
#include <utility>

#include "common/rpc/call.h"

namespace ftl::exporter {
namespace {

namespace analytics = finetunelab::analytics::v1;

// A million results take 2 s where no summary is stored.
constexpr absl::Duration kLimit = absl::Seconds(30);

}  // namespace

Numbers::Numbers(const std::shared_ptr<grpc::Channel>& analytics)
    : analytics_(analytics::AnalyticsService::NewStub(analytics)) {}

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
  CallContext limited = call;
  limited.deadline = std::min(call.deadline, DeadlineIn(kLimit));
  co_return co_await rpc::Call(limited, analytics_->async(), &analytics::AnalyticsService::Stub::async::GetMetrics,
                               std::move(request));
}

}  // namespace ftl::exporter
