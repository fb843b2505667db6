#pragma once

#include <string>

#include "common/db/params.h"
#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// A filter as a condition on a result r; its values go to `params`, whose first two are the session and the run in
// `scope`. `in_run` is a number from 1. Empty for filters that are no condition on a row (the run) or say nothing.
std::string FilterSql(const finetunelab::analytics::v1::Filter& filter, Params& params, const RunScope& scope);

// Whether a filter, or one within it, speaks of a field of that kind. One that only leaves some kind of failure out
// does not choose failures: without the timeouts, a time is still of successes.
bool MeansSuccesses(const finetunelab::analytics::v1::Filter& filter);
bool ChoosesOutcome(const finetunelab::analytics::v1::Filter& filter);
bool NeedsRun(const finetunelab::analytics::v1::Filter& filter);

}  // namespace ftl::analytics
