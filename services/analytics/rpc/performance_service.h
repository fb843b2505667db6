#pragma once

#include <utility>

#include "common/performance/performance_table.h"
#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/performance_service.grpc.pb.h"
#include "services/analytics/performance/performance.h"

namespace ftl::analytics {

// The doors to what processes have read of themselves. One per server, on the module's thread; `database` outlives it.
class PerformanceService final : public pb::PerformanceService::CallbackService {
 public:
  PerformanceService(rpc::Serving serving, Database& database)
      : serving_(std::move(serving)), performance_(database), table_(database) {}

  FTL_SERVE(RecordPerformance)
  // Their responses are the figures themselves.
  grpc::ServerUnaryReactor* GetPerformanceSummary(grpc::CallbackServerContext* context,
                                                  const pb::GetPerformanceSummaryRequest* request,
                                                  pb::PerformanceSummary* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "GetPerformanceSummary",
                           [this](const CallContext& call, const pb::GetPerformanceSummaryRequest& message) {
                             return performance_.Summarize(call, message);
                           });
  }
  grpc::ServerUnaryReactor* GetPerformanceHistory(grpc::CallbackServerContext* context,
                                                  const pb::GetPerformanceHistoryRequest* request,
                                                  pb::PerformanceHistory* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "GetPerformanceHistory",
                           [this](const CallContext& call, const pb::GetPerformanceHistoryRequest& message) {
                             return performance_.Follow(call, message);
                           });
  }

  Task<pb::RecordPerformanceResponse> RecordPerformance(const CallContext& call,
                                                        const pb::RecordPerformanceRequest& request) {
    CO_TRY(co_await table_.Put(call.deadline, {request.rows().begin(), request.rows().end()}));
    co_return pb::RecordPerformanceResponse();
  }

 private:
  rpc::Serving serving_;
  Performance performance_;
  performance::PerformanceTable table_;
};

}  // namespace ftl::analytics
