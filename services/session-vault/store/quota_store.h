#pragma once

#include <string>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"

namespace ftl::vault {

// What was drawn so far in the minute under way.
struct QuotaUse {
  int64_t used;  // with what was asked for now
  absl::Duration until_next;
};

// Counts `units` for `bucket` in the minute under way.
Task<QuotaUse> CountUnits(Database& database, Deadline deadline, std::string bucket, int32_t units);

}  // namespace ftl::vault
