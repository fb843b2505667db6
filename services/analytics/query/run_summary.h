#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/run_summary.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// A run that is over, so that nothing is added to it any more.
struct EndedRun {
  std::string id;
  finetunelab::analytics::v1::RunSummary summary;

  // Whether results up to `up_to_sequence` of the run `up_to_run_id` (of any where empty) are all of them.
  bool IsWithin(std::optional<int64_t> up_to_sequence, const std::string& up_to_run_id = {}) const;
};

// SQL that says of a row of demo_batch_test_runs, called `run`, whether its summary is of this format and of all its
// results.
extern const std::string_view kHasSummary;

// What is kept of the run in `scope`, or of the session's only one. Where the run has ended and nothing is kept, or
// what is kept has another format, it is worked out and written: the first who asks pays for all. nullopt where the run
// goes on, or where there are several. SESSION_NOT_FOUND, SESSION_EXPIRED, RUN_NOT_FOUND.
Task<std::optional<EndedRun>> FindSummary(Database& database, const CallContext& call, RunScope scope);

}  // namespace ftl::analytics
