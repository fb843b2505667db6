#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "services/analytics/query/finding.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// Groups that are compared each with each; of more, none is.
inline constexpr size_t kMostCompared = 12;

// Adds to a finding whose query compares, and whose groups are found, how they differ: its two runs prompt by prompt,
// or each two of its groups; those of runs that are not told are left out first. Figures without a test get none.
Task<> FindDifferences(Database& database, const CallContext& call, const RunScope& scope, Finding& finding);

}  // namespace ftl::analytics
