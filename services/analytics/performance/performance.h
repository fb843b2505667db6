#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// How the installation fares, out of what its processes have written down. Figures over long times are of rows by the
// minute or the hour, so that none reads much more than a thousand of a process. `database` outlives it.
class Performance {
 public:
  explicit Performance(Database& database) : database_(database) {}

  // INVALID_FIELD, here and below.
  Task<pb::PerformanceSummary> Summarize(const CallContext& call, const pb::GetPerformanceSummaryRequest& request);
  Task<pb::PerformanceHistory> Follow(const CallContext& call, const pb::GetPerformanceHistoryRequest& request);

 private:
  Database& database_;
};

}  // namespace ftl::analytics
