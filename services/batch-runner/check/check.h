#pragma once

#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"
#include "services/batch-runner/check/match_work.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// How an answer comes out: one outcome for each of the prompt's checks, in order; for a prompt that has only an
// `expected_answer` one `contains` that ignores case; none for a prompt with neither. `response` is valid UTF-8.
//
// White space around the answer counts for `contains`, `not_contains` and `regex` alone. Case is ignored in every
// script. A check for which too little of `work` is left has not passed, and says that it was not judged; cheaper ones
// behind it still are. Checks are ones that ValidateChecks let pass. Pure.
std::vector<pb::CheckOutcome> RunChecks(const pb::Prompt& prompt, std::string_view response, absl::Duration latency,
                                        MatchWork& work);

}  // namespace ftl::batch_runner
