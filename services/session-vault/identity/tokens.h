#pragma once

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "finetunelab/session_vault/v1/identity_service.pb.h"
#include "services/session-vault/store/token_store.h"

namespace ftl::vault {

// Tokens with which programs come in to the workspace: `ftl_` and 256 random bits, told once and stored as their
// SHA-256.
class Tokens {
 public:
  explicit Tokens(TokenStore& store) : store_(store) {}

  // INVALID_FIELD with every wrong field.
  Task<finetunelab::session_vault::v1::CreateTokenResponse> Create(
      const CallContext& call, finetunelab::session_vault::v1::CreateTokenRequest request);
  Task<finetunelab::session_vault::v1::ListTokensResponse> List(const CallContext& call, std::string owner);
  // Whether there was one.
  Task<bool> Delete(const CallContext& call, finetunelab::session_vault::v1::DeleteTokenRequest request);
  // UNAUTHENTICATED for what is no token of anybody, or no longer: one and the same refusal.
  Task<finetunelab::session_vault::v1::FindTokenResponse> Find(const CallContext& call, std::string token_sha256);

 private:
  TokenStore& store_;
};

}  // namespace ftl::vault
