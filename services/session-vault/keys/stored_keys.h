#pragma once

#include <string>

#include "common/async/task.h"
#include "common/endpoint/url/address_policy.h"
#include "common/rpc/call_context.h"
#include "finetunelab/session_vault/v1/key_lending_service.pb.h"
#include "finetunelab/session_vault/v1/stored_keys_service.pb.h"
#include "services/session-vault/store/stored_key_store.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// The keys of the workspace, which stay until their owner deletes them: understood, sealed under the master key by
// itself (stored_envelope.h), lent as sessions' keys are. All that it is made of outlives it.
class StoredKeys {
 public:
  // `policy` is the workspace's.
  StoredKeys(StoredKeyStore& store, const MasterKeys& masters, AddressPolicy policy)
      : store_(store), masters_(masters), policy_(std::move(policy)) {}

  // INVALID_FIELD with every wrong field, KEY_FORMAT, ENDPOINT_NOT_ALLOWED.
  Task<finetunelab::session_vault::v1::PutStoredKeyResponse> Put(
      const CallContext& call, finetunelab::session_vault::v1::PutStoredKeyRequest request);
  // A key that does not open says so by `needs_reentry`.
  Task<finetunelab::session_vault::v1::ListStoredKeysResponse> List(const CallContext& call, std::string owner);
  Task<bool> Delete(const CallContext& call, finetunelab::session_vault::v1::DeleteStoredKeyRequest request);
  Task<> RecordTest(const CallContext& call, finetunelab::session_vault::v1::RecordStoredKeyTestRequest request);

  // NOT_FOUND; KEY_FORGOTTEN for one that no longer opens; INVALID_FIELD where it cannot be sealed to the borrower, and
  // where the service has several keys and no name was given. A loan that cannot be written down is not made.
  Task<finetunelab::session_vault::v1::LendStoredKeyResponse> Lend(
      const CallContext& call, finetunelab::session_vault::v1::LendStoredKeyRequest request);

  // Wraps every owner's keys anew under the first master key and answers how many were not. One that does not open is
  // left as it is.
  Task<int> Rewrap(const CallContext& call);

 private:
  StoredKeyStore& store_;
  const MasterKeys& masters_;
  AddressPolicy policy_;
};

}  // namespace ftl::vault
