#pragma once

#include <utility>

#include "common/async/task.h"
#include "common/rpc/serve.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "services/session-vault/vault/key_lending.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

// Lends keys. Added only to servers whose callers prove who they are. One per such server, on the module's thread;
// `lending` outlives it.
class KeyLendingService final : public pb::KeyLendingService::CallbackService {
 public:
  KeyLendingService(rpc::Serving serving, KeyLending& lending) : serving_(std::move(serving)), lending_(lending) {}

  FTL_SERVE(LendKey)

  Task<pb::LendKeyResponse> LendKey(const CallContext& call, const pb::LendKeyRequest& request) {
    return lending_.Lend(call, request);
  }

 private:
  rpc::Serving serving_;
  KeyLending& lending_;
};

}  // namespace ftl::vault
