#pragma once

#include <optional>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "services/session-vault/session/opening.h"
#include "services/session-vault/store/session_store.h"
#include "services/session-vault/vault/epoch_keys.h"

namespace ftl::vault {

// Lets people in: a place for their address, a key sealed under the current epoch, a row, in one transaction. All that
// it is made of outlives it.
class Admission {
 public:
  struct Limits {
    absl::Duration session_life;
    int32_t sessions_per_address;
  };

  Admission(Database& database, SessionStore& sessions, const EpochKeys& keys, Limits limits)
      : database_(database), sessions_(sessions), keys_(keys), limits_(limits) {}

  // ACTIVE_SESSION_EXISTS where the address has no place left. With an idempotency key that was used before: the
  // session that it opened, or IDEMPOTENCY_KEY_REUSED where the content was another.
  Task<finetunelab::session_vault::v1::OpenSessionResponse> Open(Deadline deadline, Opening opening);

 private:
  using Response = finetunelab::session_vault::v1::OpenSessionResponse;

  Task<std::optional<Response>> FindRepeat(Deadline deadline, const Opening& opening);
  Task<Response> OpenNew(Deadline deadline, const Opening& opening);

  Database& database_;
  SessionStore& sessions_;
  const EpochKeys& keys_;
  Limits limits_;
};

}  // namespace ftl::vault
