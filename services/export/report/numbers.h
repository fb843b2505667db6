#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.grpc.pb.h"
#include "finetunelab/analytics/v1/comparisons_service.grpc.pb.h"
#include "services/export/report/comparison.h"
#include "services/export/report/findings.h"
#include "services/export/report/report.h"

namespace ftl::exporter {

// Asks analytics for every number, so that a report says what every other place says.
class Numbers {
 public:
  explicit Numbers(const std::shared_ptr<grpc::Channel>& analytics);

  // The metrics of the report's results. `session_id` and `test_run_id` are as in the contract and never both empty;
  // with a run's id the report has this run alone.
  Task<finetunelab::analytics::v1::GetMetricsResponse> Of(const CallContext& call, const Report& report,
                                                          std::string session_id, std::string test_run_id);

  // What a run of the report came to, without its rows. `metrics` are the run's own where they are known already.
  Task<RunFindings> OfRun(const CallContext& call, const finetunelab::batch_runner::v1::Run& run,
                          const finetunelab::analytics::v1::GetMetricsResponse* metrics);

  // How `other` differs from `base`, which are runs of one session, up to the last sequence of each.
  Task<finetunelab::analytics::v1::CompareRunsResponse> Between(const CallContext& call,
                                                                const finetunelab::batch_runner::v1::Run& base,
                                                                const finetunelab::batch_runner::v1::Run& other);

  // An owner's comparison of models with the standings of its project. NOT_FOUND.
  Task<ComparisonReport> OfComparison(const CallContext& call, std::string owner, std::string id);

 private:
  std::unique_ptr<finetunelab::analytics::v1::AnalyticsService::Stub> analytics_;
  std::unique_ptr<finetunelab::analytics::v1::ComparisonsService::Stub> comparisons_;
};

}  // namespace ftl::exporter
