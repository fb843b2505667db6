#pragma once

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"
#include "services/batch-runner/workspace/stored_keys.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Asks services whether they take a key. All that it is made of outlives it; caller and policy are the workspace's.
class KeyProbe {
 public:
  KeyProbe(StoredKeys& keys, Caller& caller, AddressPolicy policy)
      : keys_(keys), caller_(caller), policy_(std::move(policy)) {}

  // The given key, which goes nowhere else, or the stored one, whose test is written down. INVALID_FIELD, KEY_FORMAT,
  // ENDPOINT_NOT_ALLOWED, NOT_FOUND, KEY_FORGOTTEN.
  Task<pb::TestKeyResponse> Test(const CallContext& call, pb::TestKeyRequest request);

 private:
  Task<pb::TestKeyResponse> TestGiven(const pb::TestKeyRequest& request);
  Task<pb::TestKeyResponse> TestStored(const CallContext& call, const pb::TestKeyRequest& request);

  StoredKeys& keys_;
  Caller& caller_;
  AddressPolicy policy_;
};

}  // namespace ftl::batch_runner
