#pragma once

#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::performance {

namespace pb = finetunelab::analytics::v1;

// What processes have read, in PostgreSQL. `database` outlives it.
class PerformanceTable {
 public:
  explicit PerformanceTable(Database& database) : database_(database) {}

  // Puts rows in, or in the place of those that are there, and takes some out that are older than 30 days.
  Task<> Put(Deadline deadline, std::vector<pb::PerformanceRow> rows);

 private:
  Database& database_;
};

}  // namespace ftl::performance
