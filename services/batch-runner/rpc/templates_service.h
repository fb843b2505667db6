#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/templates_service.grpc.pb.h"
#include "services/batch-runner/store/template_store.h"

namespace ftl::batch_runner {

// Keeps templates of prompts. One per server, on the module's thread; the store outlives it.
class TemplatesService final : public pb::TemplatesService::CallbackService {
 public:
  TemplatesService(rpc::Serving serving, TemplateStore& store) : serving_(std::move(serving)), store_(store) {}

  FTL_SERVE(CreateTemplate)
  FTL_SERVE(ListTemplates)
  FTL_SERVE(GetTemplate)
  FTL_SERVE(UpdateTemplate)
  FTL_SERVE(DeleteTemplate)

 private:
  Task<pb::CreateTemplateResponse> CreateTemplate(const CallContext& call, const pb::CreateTemplateRequest& request);
  Task<pb::ListTemplatesResponse> ListTemplates(const CallContext& call, const pb::ListTemplatesRequest& request);
  Task<pb::GetTemplateResponse> GetTemplate(const CallContext& call, const pb::GetTemplateRequest& request);
  Task<pb::UpdateTemplateResponse> UpdateTemplate(const CallContext& call, const pb::UpdateTemplateRequest& request);
  Task<pb::DeleteTemplateResponse> DeleteTemplate(const CallContext& call, const pb::DeleteTemplateRequest& request);

  rpc::Serving serving_;
  TemplateStore& store_;
};

}  // namespace ftl::batch_runner
