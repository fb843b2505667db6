#pragma once

#include <optional>
#include <utility>

#include "common/db/database.h"
#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/analytics_service.grpc.pb.h"
#include "services/analytics/narrator/commentary.h"
#include "services/analytics/query/run_summary.h"
#include "services/analytics/rpc/after_run.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// The doors to numbers and results; Atlas is in rpc/ask. `database` and `commentary` outlive it.
class AnalyticsService final : public pb::AnalyticsService::CallbackService {
 public:
  AnalyticsService(rpc::Serving serving, Database& database, Commentary& commentary)
      : serving_(std::move(serving)),
        database_(database),
        commentary_(commentary),
        after_run_(serving_.executor(), database) {}
  FTL_SERVE(GetMetrics)
  FTL_SERVE(ListResults)
  FTL_SERVE(SearchResponses)
  FTL_SERVE(GetLatencyDistribution)
  FTL_SERVE(CompareRuns)
  FTL_SERVE(GroupResults)
  FTL_SERVE(RunQuery)
  FTL_SERVE(Summarize)
  FTL_SERVE(ListSuggestions)
  FTL_SERVE_STREAM(Ask)

  Task<pb::GetMetricsResponse> GetMetrics(const CallContext& call, const pb::GetMetricsRequest& request);
  Task<pb::ListResultsResponse> ListResults(const CallContext& call, const pb::ListResultsRequest& request);
  Task<pb::SearchResponsesResponse> SearchResponses(const CallContext& call, const pb::SearchResponsesRequest& request);
  Task<pb::GetLatencyDistributionResponse> GetLatencyDistribution(const CallContext& call,
                                                                  const pb::GetLatencyDistributionRequest& request);
  Task<pb::CompareRunsResponse> CompareRuns(const CallContext& call, const pb::CompareRunsRequest& request);
  Task<pb::GroupResultsResponse> GroupResults(const CallContext& call, const pb::GroupResultsRequest& request);
  Task<pb::RunQueryResponse> RunQuery(const CallContext& call, const pb::RunQueryRequest& request);
  Task<pb::SummarizeResponse> Summarize(const CallContext& call, const pb::SummarizeRequest& request);
  Task<pb::ListSuggestionsResponse> ListSuggestions(const CallContext& call, const pb::ListSuggestionsRequest& request);
  Task<> Ask(const CallContext& call, const pb::AskRequest& request, rpc::Writer<pb::AskResponse>& writer);

 private:
  // What is kept of the run in scope, if it has ended; it is made quick to read.
  Task<std::optional<EndedRun>> FindEnded(const CallContext& call, const RunScope& scope);

  rpc::Serving serving_;
  Database& database_;
  Commentary& commentary_;
  AfterRun after_run_;
};

}  // namespace ftl::analytics
