#pragma once

#include <optional>
#include <string>

#include "common/async/task.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "services/session-vault/store/cleanup_store.h"
#include "services/session-vault/vault/key_retirement.h"

namespace ftl::vault {

// A session that is gone.
struct ClosedSession {
  int32_t test_runs;
  int64_t results;
  finetunelab::session_vault::v1::Receipt receipt;
};

// Deletes a session, counts again, and destroys the key that wrapped its key where no other session needs it. All that
// it is made of outlives it.
class Cleanup {
 public:
  Cleanup(CleanupStore& store, KeyRetirement& retirement) : store_(store), retirement_(retirement) {}

  // Absent where nothing was left; unless it is kCleanup also where the session is not due. The receipt's
  // backups_unreadable_from is now where the key could be destroyed at once, else its death.
  Task<std::optional<ClosedSession>> Close(Deadline deadline, std::string hash, EndReason reason);

 private:
  CleanupStore& store_;
  KeyRetirement& retirement_;
};

}  // namespace ftl::vault
