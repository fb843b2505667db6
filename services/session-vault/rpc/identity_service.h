#pragma once

#include <utility>

#include "common/async/task.h"
#include "common/error/try.h"
#include "common/rpc/serve.h"
#include "finetunelab/session_vault/v1/identity_service.grpc.pb.h"
#include "services/session-vault/identity/tokens.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

// Who may come in to the workspace. One per server, on the module's thread; `tokens` outlives it.
class IdentityService final : public pb::IdentityService::CallbackService {
 public:
  IdentityService(rpc::Serving serving, Tokens& tokens) : serving_(std::move(serving)), tokens_(tokens) {}

  FTL_SERVE(CreateToken)
  FTL_SERVE(ListTokens)
  FTL_SERVE(DeleteToken)
  FTL_SERVE(FindToken)

  Task<pb::CreateTokenResponse> CreateToken(const CallContext& call, const pb::CreateTokenRequest& request) {
    return tokens_.Create(call, request);
  }
  Task<pb::ListTokensResponse> ListTokens(const CallContext& call, const pb::ListTokensRequest& request) {
    return tokens_.List(call, request.owner());
  }
  Task<pb::DeleteTokenResponse> DeleteToken(const CallContext& call, const pb::DeleteTokenRequest& request) {
    pb::DeleteTokenResponse response;
    CO_TRY(const bool deleted, co_await tokens_.Delete(call, request));
    response.set_deleted(deleted);
    co_return response;
  }
  Task<pb::FindTokenResponse> FindToken(const CallContext& call, const pb::FindTokenRequest& request) {
    return tokens_.Find(call, request.token_sha256());
  }

 private:
  rpc::Serving serving_;
  Tokens& tokens_;
};

}  // namespace ftl::vault
