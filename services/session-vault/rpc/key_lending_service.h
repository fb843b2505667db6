#pragma once

#include <utility>

#include "common/async/task.h"
#include "common/error/refusal.h"
#include "common/rpc/serve.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "services/session-vault/keys/stored_keys.h"
#include "services/session-vault/vault/key_lending.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

// Lends keys. Added only to servers whose callers prove who they are. One per such server, on the module's thread;
// what it lends from outlives it.
class KeyLendingService final : public pb::KeyLendingService::CallbackService {
 public:
  // `stored_keys` is null where there is no workspace.
  KeyLendingService(rpc::Serving serving, KeyLending& lending, StoredKeys* stored_keys)
      : serving_(std::move(serving)), lending_(lending), stored_keys_(stored_keys) {}

  FTL_SERVE(LendKey)
  FTL_SERVE(LendStoredKey)

  Task<pb::LendKeyResponse> LendKey(const CallContext& call, const pb::LendKeyRequest& request) {
    return lending_.Lend(call, request);
  }
  Task<pb::LendStoredKeyResponse> LendStoredKey(const CallContext& call, const pb::LendStoredKeyRequest& request) {
    if (stored_keys_ == nullptr) co_return Refuse(Reason::kPermissionDenied, "There is no workspace here.");
    co_return co_await stored_keys_->Lend(call, request);
  }

 private:
  rpc::Serving serving_;
  KeyLending& lending_;
  StoredKeys* stored_keys_;
};

}  // namespace ftl::vault
