#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"

namespace ftl::vault {

enum class EndReason { kCleanup, kExpired, kAbandoned };

// What went with a session.
struct DeletedRows {
  int32_t test_runs = 0;
  int64_t results = 0;
  absl::Time deleted_at;              // the database's time
  std::optional<std::string> key_id;  // the epoch key that wrapped its key, also where the key was forgotten before
};

struct SessionCount {
  int64_t open = 0;
  absl::Duration longest_over;  // zero where none waits for its deletion
};

struct DueSession {
  std::string hash;
  EndReason reason;
};

// The SQL of endings.
class CleanupStore {
 public:
  // `audit_days` is how long a line of the audit log is kept.
  CleanupStore(Database& database, int32_t audit_days) : database_(database), audit_days_(audit_days) {}

  // Deletes the session and all that hangs on it in one transaction, remembers its end, tells whoever holds its key. A
  // run that starts or stores meanwhile waits and then finds no session. Absent where there was nothing; unless it is
  // kCleanup also where the session is not due, or not any more.
  Task<std::optional<DeletedRows>> Delete(Deadline deadline, std::string hash, EndReason reason);
  // Rows of the session in all tables.
  Task<int64_t> CountLeft(Deadline deadline, std::string hash);

  // Sessions that are over and not yet deleted, beginning after `after`, at most `most`, in order of hash.
  Task<std::vector<DueSession>> ListDue(Deadline deadline, std::string after, int32_t most);
  // How long until the next session is due; absent where there is none. One that is overdue, since it could not be
  // deleted, does not count.
  Task<std::optional<absl::Duration>> NextDueIn(Deadline deadline);
  // Sessions that are open, and how long those that are over have waited at the most.
  Task<SessionCount> Count(Deadline deadline);
  // Forgets ends older than 24 h, limits of past hours, and what the audit log need not keep.
  Task<> ForgetOld(Deadline deadline);

  // Until the transaction ends no other replica sweeps. False where one does.
  Task<bool> TryLockSweep(Transaction& transaction);
  // As long as it takes.
  Task<> LockSweep(Transaction& transaction);

 private:
  Database& database_;
  const int32_t audit_days_;
};

}  // namespace ftl::vault
