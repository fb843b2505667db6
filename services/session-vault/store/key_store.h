#pragma once

#include <string>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/transaction.h"

namespace ftl::vault {

// Whether sessions still need an epoch key.
struct KeyUse {
  bool in_use;
  absl::Time now;  // the database's
};

// Waits for nobody: a session that is being opened in the same epoch counts as a use. Where the key is not in use,
// nobody can begin to use it before the transaction ends.
Task<KeyUse> LookAtKey(Transaction& transaction, std::string epoch, std::string key_id);

}  // namespace ftl::vault
