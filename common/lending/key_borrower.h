#pragma once

#include <memory>

#include "common/async/task.h"
#include "common/endpoint/credential.h"
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"
#include "common/secret/sealed_box.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"

namespace ftl {

namespace vault_pb = finetunelab::session_vault::v1;

// Borrows keys from session-vault, sealed on their way so that this object alone can open them. On the module's thread.
class KeyBorrower {
 public:
  explicit KeyBorrower(const rpc::Channels& channels);

  template <typename Terms>
  struct Loan {
    Credential credential;
    Terms terms;
  };
  // `request` lacks nothing but whom to seal to. The service's refusals; INTERNAL for what is sealed to somebody else.
  Task<Loan<vault_pb::LendKeyResponse>> Borrow(const CallContext& call, vault_pb::LendKeyRequest request);
  Task<Loan<vault_pb::LendStoredKeyResponse>> BorrowStored(const CallContext& call,
                                                           vault_pb::LendStoredKeyRequest request);

 private:
  absl::StatusOr<Secret> Open(const std::string& sealed) const;

  SealedBox box_;
  std::unique_ptr<vault_pb::KeyLendingService::Stub> lending_;
};

}  // namespace ftl
