#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/request_log_service.grpc.pb.h"
#include "services/batch-runner/history/replay.h"

namespace ftl::batch_runner {

// What changes the log. One per server, on the module's thread; the parts outlive it.
class RequestLogService final : public pb::RequestLogService::CallbackService {
 public:
  RequestLogService(rpc::Serving serving, RequestStore& log, ModelCalls& calls)
      : serving_(std::move(serving)), log_(log), calls_(calls) {}

  FTL_SERVE(DeleteLog)
  // Its response is the row itself.
  grpc::ServerUnaryReactor* Replay(grpc::CallbackServerContext* context, const pb::ReplayRequest* request,
                                   pb::LoggedRequest* response) override {
    return rpc::ServeUnary(serving_, context, request, response, "Replay",
                           [this](const CallContext& call, const pb::ReplayRequest& message) {
                             return batch_runner::Replay(log_, calls_, call, message);
                           });
  }

  Task<pb::DeleteLogResponse> DeleteLog(const CallContext& call, const pb::DeleteLogRequest& request);

 private:
  rpc::Serving serving_;
  RequestStore& log_;
  ModelCalls& calls_;
};

}  // namespace ftl::batch_runner
