#pragma once

#include "common/async/task.h"
#include "common/endpoint/url/address_policy.h"
#include "common/rpc/call_context.h"
#include "finetunelab/session_vault/v1/key_lending_service.pb.h"
#include "services/session-vault/store/session_store.h"
#include "services/session-vault/vault/epoch_keys.h"
#include "services/session-vault/vault/loan_book.h"

namespace ftl::vault {

// Lends a session's key to a service that calls the person's endpoint: for one session, one origin, one purpose, and a
// call that begins within kLoan; a run keeps it for as long as its process holds the run's lease. All that it is made
// of outlives it.
class KeyLending {
 public:
  static constexpr absl::Duration kLoan = absl::Seconds(10);

  KeyLending(SessionStore& sessions, const EpochKeys& keys, AddressPolicy policy)
      : sessions_(sessions), keys_(keys), policy_(policy) {}

  // PERMISSION_DENIED unless the caller has proved to be batch-runner (tests, models, runs) or analytics (Atlas);
  // SESSION_NOT_FOUND, SESSION_EXPIRED; KEY_FORGOTTEN, also where the key can no longer be opened; INVALID_FIELD where
  // it cannot be sealed to the borrower. A loan that cannot be written down is not made.
  Task<finetunelab::session_vault::v1::LendKeyResponse> Lend(const CallContext& call,
                                                             finetunelab::session_vault::v1::LendKeyRequest request);

 private:
  SessionStore& sessions_;
  const EpochKeys& keys_;
  AddressPolicy policy_;
  LoanBook loans_;
};

}  // namespace ftl::vault
