#pragma once

#include <utility>

#include "common/async/task.h"
#include "common/error/try.h"
#include "common/rpc/serve.h"
#include "finetunelab/session_vault/v1/stored_keys_service.grpc.pb.h"
#include "services/session-vault/keys/stored_keys.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

// Keeps the workspace's keys. One per server, on the module's thread; `keys` outlives it.
class StoredKeysService final : public pb::StoredKeysService::CallbackService {
 public:
  StoredKeysService(rpc::Serving serving, StoredKeys& keys) : serving_(std::move(serving)), keys_(keys) {}

  FTL_SERVE(PutStoredKey)
  FTL_SERVE(ListStoredKeys)
  FTL_SERVE(DeleteStoredKey)
  FTL_SERVE(RecordStoredKeyTest)

  Task<pb::PutStoredKeyResponse> PutStoredKey(const CallContext& call, const pb::PutStoredKeyRequest& request) {
    return keys_.Put(call, request);
  }
  Task<pb::ListStoredKeysResponse> ListStoredKeys(const CallContext& call, const pb::ListStoredKeysRequest& request) {
    return keys_.List(call, request.owner());
  }
  Task<pb::DeleteStoredKeyResponse> DeleteStoredKey(const CallContext& call,
                                                    const pb::DeleteStoredKeyRequest& request) {
    pb::DeleteStoredKeyResponse response;
    CO_TRY(const bool deleted, co_await keys_.Delete(call, request));
    response.set_deleted(deleted);
    co_return response;
  }
  Task<pb::RecordStoredKeyTestResponse> RecordStoredKeyTest(const CallContext& call,
                                                            const pb::RecordStoredKeyTestRequest& request) {
    CO_TRY(co_await keys_.RecordTest(call, request));
    co_return pb::RecordStoredKeyTestResponse();
  }

 private:
  rpc::Serving serving_;
  StoredKeys& keys_;
};

}  // namespace ftl::vault
