#pragma once

#include <string>

#include "common/db/params.h"
#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// Which half of its run a result r stands in, by its number: 1 or 2. Needs the run as u; the odd one is the first
// half's.
inline constexpr char kHalfSql[] = "(CASE WHEN r.prompt_id * 2 <= u.total_prompts + 1 THEN 1 ELSE 2 END)";

// A filter as a condition on a result r; its values go to `params`, whose first two are the session and the run in
// `scope`. Empty for filters that are no condition on a row (the run) or say nothing.
std::string FilterSql(const finetunelab::analytics::v1::Filter& filter, Params& params, const RunScope& scope);

// Whether a filter speaks of how long an answer took or was, which is asked of successes, unless failures are asked
// for.
bool MeansSuccesses(finetunelab::analytics::v1::FilterField field);
// Whether a filter chooses between successes and failures itself.
bool ChoosesOutcome(finetunelab::analytics::v1::FilterField field);

}  // namespace ftl::analytics
