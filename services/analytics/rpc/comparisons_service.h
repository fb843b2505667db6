#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/comparisons_service.grpc.pb.h"
#include "services/analytics/comparisons/stored_comparisons.h"

namespace ftl::analytics {

// The doors to what is stored of comparisons. One per server, on the module's thread; `database` outlives it.
class ComparisonsService final : public pb::ComparisonsService::CallbackService {
 public:
  ComparisonsService(rpc::Serving serving, Database& database) : serving_(std::move(serving)), comparisons_(database) {}

  FTL_SERVE(ListComparisons)
  FTL_SERVE(GetStandings)
  // Its response is the comparison itself.
  grpc::ServerUnaryReactor* GetComparison(grpc::CallbackServerContext* context, const pb::GetComparisonRequest* request,
                                          finetunelab::batch_runner::v1::Comparison* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "GetComparison",
                           [this](const CallContext& call, const pb::GetComparisonRequest& message) {
                             return comparisons_.Get(call, message);
                           });
  }

  Task<pb::ListComparisonsResponse> ListComparisons(const CallContext& call,
                                                    const pb::ListComparisonsRequest& request) {
    return comparisons_.List(call, request);
  }
  Task<pb::GetStandingsResponse> GetStandings(const CallContext& call, const pb::GetStandingsRequest& request) {
    return comparisons_.Standings(call, request);
  }

 private:
  rpc::Serving serving_;
  StoredComparisons comparisons_;
};

}  // namespace ftl::analytics
