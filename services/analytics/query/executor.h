#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "services/analytics/query/finding.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// Runs a query over one session. It speaks of `run_id`, of the run that its filters name, or of the latest one; of all
// runs where it compares them or says so. `known` has at least one run. RUN_NOT_FOUND where it names one that is not
// there.
Task<Finding> Execute(Database& database, const CallContext& call, std::string session, const SessionRuns& known,
                      std::string run_id, pb::Query query);

// A query whose `in_run` are numbers from 1: where they count back, it is from `run_id`, or else from the latest run.
// RUN_NOT_FOUND. Execute does so itself.
absl::StatusOr<pb::Query> WithRunsNumbered(const SessionRuns& known, std::string_view run_id, pb::Query query);

// The numbers of the prompts in a run that a query chooses, as CompileChosen says. `scope` names the run; those in
// filters count from 1.
Task<std::vector<int32_t>> FindChosen(Database& database, const CallContext& call, RunScope scope, pb::Query query,
                                      int most);

}  // namespace ftl::analytics
