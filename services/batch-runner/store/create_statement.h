#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/db/query.h"
#include "services/batch-runner/run/plan.h"
#include "services/batch-runner/store/first_prompts.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

// A run as it is to be stored.
struct NewRun {
  std::string_view session;  // hash
  std::string_view id;       // a new UUID
  std::string_view model_name;
  std::string_view traceparent;  // of who started it; empty for none
  const RunPlan& plan;
  const Idempotency& idempotency;
  const std::optional<FirstPrompts>& first;
};
// Stores it with its prompts, its manifest, its line in the audit log and the lease of its first prompts; nothing of it
// where the session is not open.
Statement CreateRun(const NewRun& run);

}  // namespace ftl::batch_runner
