#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"

namespace ftl::vault {

// The claim that a key folder is the one which all replicas share: a mark in the folder against one in the database,
// seen again by every sweep. The database outlives it.
class KeyFolder {
 public:
  KeyFolder(Database& database, std::string mark) : database_(database), mark_(std::move(mark)) {}

  // FAILED_PRECONDITION where a replica with another folder was seen in the last three minutes. A folder that took the
  // place of one not seen for longer (lost, say) is claimed and logged.
  Task<> Claim(Deadline deadline);

 private:
  Database& database_;
  std::string mark_;
};

}  // namespace ftl::vault
