#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// What a run will do, decided before anything is stored: how it was asked for, and its prompts from 1 in order. A suite
// that is repeated is run through as a whole each time.
struct RunPlan {
  pb::RunParameters parameters;
  std::string suite_id;
  std::string suite_name;
  pb::Difficulty difficulty;
  std::vector<pb::Prompt> prompts;
};

// The parameters asked for, defaults filled in; a refusal that names every field out of range.
absl::StatusOr<pb::RunParameters> CheckedParameters(const pb::StartRunRequest& request);

// Request and suite to numbered prompts. `prompts_left` is what the session may still run; more is
// PROMPT_LIMIT_EXCEEDED.
absl::StatusOr<RunPlan> PlanRun(const pb::StartRunRequest& request, const pb::Suite& suite, int64_t prompts_per_session,
                                int64_t prompts_left);

}  // namespace ftl::batch_runner
