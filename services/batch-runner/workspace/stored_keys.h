#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/lending/key_borrower.h"
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"
#include "finetunelab/session_vault/v1/stored_keys_service.grpc.pb.h"

namespace ftl::batch_runner {

namespace vault_pb = finetunelab::session_vault::v1;

// Borrows the keys of the workspace from session-vault, and reports back how they fared.
class StoredKeys {
 public:
  explicit StoredKeys(const rpc::Channels& channels);

  struct Loan {
    Credential credential;
    std::string service_name;
    std::string name;
    std::string endpoint_url;
    std::string dialect;
    std::string pace_key;  // stands for endpoint and key
  };
  // NOT_FOUND, KEY_FORGOTTEN; INVALID_FIELD where `name` is empty and the service has several keys.
  Task<Loan> Borrow(const CallContext& call, std::string owner, std::string service_name, std::string name);
  // The owner's and those that are shared with them.
  Task<std::vector<vault_pb::StoredKey>> List(const CallContext& call, std::string owner);
  Task<> RecordTest(const CallContext& call, vault_pb::RecordStoredKeyTestRequest request);

 private:
  KeyBorrower keys_;
  std::unique_ptr<vault_pb::StoredKeysService::Stub> stored_keys_;
};

}  // namespace ftl::batch_runner
