#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/workspace_service.grpc.pb.h"
#include "services/batch-runner/workspace/key_probe.h"
#include "services/batch-runner/workspace/model_catalogue.h"

namespace ftl::batch_runner {

// What the workspace asks of services. One per server, on the module's thread; the parts outlive it.
class WorkspaceService final : public pb::WorkspaceService::CallbackService {
 public:
  WorkspaceService(rpc::Serving serving, KeyProbe& probe, ModelCatalogue& models)
      : serving_(std::move(serving)), probe_(probe), models_(models) {}

  FTL_SERVE(TestKey)
  FTL_SERVE(ListAllModels)

  Task<pb::TestKeyResponse> TestKey(const CallContext& call, const pb::TestKeyRequest& request) {
    return probe_.Test(call, request);
  }
  Task<pb::ListAllModelsResponse> ListAllModels(const CallContext& call, const pb::ListAllModelsRequest& request) {
    return models_.List(call, request.owner());
  }

 private:
  rpc::Serving serving_;
  KeyProbe& probe_;
  ModelCatalogue& models_;
};

}  // namespace ftl::batch_runner
