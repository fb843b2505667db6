#pragma once

#include <memory>
#include <string>

#include "common/async/task.h"
#include "common/lending/key_borrower.h"
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"

namespace ftl::batch_runner {

namespace vault_pb = finetunelab::session_vault::v1;

// Borrows keys from session-vault, and reports back what was learned with them. By the session's hash.
class KeyLoans {
 public:
  explicit KeyLoans(const rpc::Channels& channels);

  struct Loan {
    Credential credential;
    std::string endpoint_url;
    std::string model_id;
    finetunelab::endpoint::v1::Provider provider;
    finetunelab::endpoint::v1::Capabilities capabilities;
    bool forget_key_after_run;
    std::string pace_key;  // stands for endpoint and key, whatever the session
  };
  // SESSION_NOT_FOUND, SESSION_EXPIRED, KEY_FORGOTTEN.
  Task<Loan> ForRun(const CallContext& call, std::string session, std::string test_run_id);
  Task<Loan> For(const CallContext& call, std::string session, vault_pb::LendPurpose purpose);

  Task<> RecordConnectionTest(const CallContext& call, vault_pb::RecordConnectionTestRequest request);
  // Destroys the session's key.
  Task<> ForgetKey(const CallContext& call, std::string session);

 private:
  Task<Loan> Borrow(const CallContext& call, vault_pb::LendKeyRequest request);

  KeyBorrower keys_;
  std::unique_ptr<vault_pb::SessionVaultService::Stub> vault_;
};

}  // namespace ftl::batch_runner
