#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/history_service.grpc.pb.h"
#include "services/analytics/history/request_log.h"

namespace ftl::analytics {

// The doors to the log of the workspace's calls. One per server, on the module's thread; `database` outlives it.
class HistoryService final : public pb::HistoryService::CallbackService {
 public:
  HistoryService(rpc::Serving serving, Database& database) : serving_(std::move(serving)), log_(database) {}

  FTL_SERVE(ListRequests)
  FTL_SERVE(GetHistoryAnalytics)
  // Its response is the row itself.
  grpc::ServerUnaryReactor* GetRequest(grpc::CallbackServerContext* context, const pb::GetRequestRequest* request,
                                       finetunelab::batch_runner::v1::LoggedRequest* response) override {
    return rpc::ServeUnary(
        serving_, context, request, response, "GetRequest",
        [this](const CallContext& call, const pb::GetRequestRequest& message) { return log_.Get(call, message); });
  }

  Task<pb::ListRequestsResponse> ListRequests(const CallContext& call, const pb::ListRequestsRequest& request) {
    return log_.List(call, request);
  }
  Task<pb::GetHistoryAnalyticsResponse> GetHistoryAnalytics(const CallContext& call,
                                                            const pb::GetHistoryAnalyticsRequest& request) {
    return log_.Analyze(call, request);
  }

 private:
  rpc::Serving serving_;
  RequestLog log_;
};

}  // namespace ftl::analytics
