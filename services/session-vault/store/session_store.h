#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/endpoint/url/endpoint.h"
#include "finetunelab/session_vault/v1/key_lending_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "services/session-vault/vault/loan_book.h"

namespace ftl::vault {

// A session about to be stored.
struct NewSession {
  std::string hash;
  std::string endpoint_url;
  std::string endpoint_origin;
  std::string api_key_encrypted;
  std::optional<std::string> headers_encrypted;
  std::string key_id;  // KeyId::Text()
  std::string model_id;
  std::string model_name;
  std::string provider;
  bool forget_key_after_run = false;
  std::string address;
  std::optional<std::string> idempotency_digest;
  std::optional<std::string> idempotency_salt;
  absl::Duration life;
};

// The session that an idempotency key has opened.
struct OpenedBefore {
  std::string hash;
  std::string salt;
};

// A stored key, still sealed, and what is told with it when it is lent.
struct SealedKey {
  std::optional<std::string> blob;  // absent: forgotten, or due to be since a run has ended
  std::optional<std::string> headers_blob;
  std::string endpoint_url;
  absl::Time expires_at;
  absl::Time now;                                         // the database's
  finetunelab::session_vault::v1::LendKeyResponse terms;  // without key and time
};

// The SQL of sessions and their keys. Every method but those of opening names one session and sees no other. A session
// that is over is refused with SESSION_EXPIRED, one that never was with SESSION_NOT_FOUND; whether it lives is judged
// by the database's clock, in the work's own transaction. Everything else that fails is the database's.
class SessionStore {
 public:
  explicit SessionStore(Database& database) : database_(database) {}

  // For opening, before there is a session.
  Task<std::optional<OpenedBefore>> FindOpenedBefore(Deadline deadline, std::vector<std::string> digests);
  // Takes off the address's expired sessions, then counts one more unless it has `most` already: ACTIVE_SESSION_EXISTS
  // with the wait. Two at once stand in line here, so that the second sees whether the first has opened a session by
  // the same idempotency key: ACTIVE_SESSION_EXISTS then too. Gives the database's time.
  Task<absl::Time> TakePlace(Transaction& transaction, std::string address, int32_t most,
                             std::optional<std::string> idempotency_digest);
  // Until the transaction ends nobody destroys the key of `epoch`.
  Task<> HoldEpochKey(Transaction& transaction, std::string epoch);
  // For the operator: an address asked for an endpoint that is not allowed. Says nothing of the endpoint.
  Task<> RecordRefusedEndpoint(Deadline deadline, std::string address);
  // The transaction's scope is the new session. Gives when it expires.
  Task<absl::Time> Insert(Transaction& transaction, NewSession session);

  // The session's state, without its id. Reading it is using it: it is no longer abandoned.
  Task<finetunelab::session_vault::v1::GetSessionResponse> Use(Deadline deadline, std::string hash);
  Task<> RecordConnectionTest(Deadline deadline, finetunelab::session_vault::v1::RecordConnectionTestRequest request);
  // False where there is no living session.
  Task<bool> Abandon(Deadline deadline, std::string hash, absl::Duration grace);

  Task<SealedKey> ReadKey(Deadline deadline, std::string hash);
  Task<> RecordLoan(Deadline deadline, Loan loan);
  // Sessions whose key was to be forgotten after a run, which has ended, and is still there; 1,000 at most.
  Task<std::vector<std::string>> KeysToForget(Deadline deadline);
  // Gives the epoch key it hung on; absent where there was nothing to forget.
  Task<std::optional<std::string>> ForgetKey(Deadline deadline, std::string hash);

 private:
  Database& database_;
};

}  // namespace ftl::vault
