#pragma once

#include <optional>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "services/session-vault/vault/epoch_keys.h"

namespace ftl::vault {

// Destroys epoch keys when nobody needs them any more. All that it is made of outlives it.
class KeyRetirement {
 public:
  KeyRetirement(Database& database, const EpochKeys& keys) : database_(database), keys_(keys) {}

  // Destroys the key unless a session needs it or is about to. Gives since when it is destroyed, absent where it lives
  // on. Fails where the database or the disk does; the next sweep tries again.
  Task<std::optional<absl::Time>> Retire(Deadline deadline, KeyId id);
  // Every key whose time is over is destroyed, needed or not, also without a database; of the others those not needed.
  Task<> RetireAll(Deadline deadline, absl::Time now);

 private:
  Database& database_;
  const EpochKeys& keys_;
};

}  // namespace ftl::vault
