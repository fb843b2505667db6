#pragma once

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The suite that a person's request asks for, whole and valid, without an id: that is the store's. INVALID_FIELD names
// every fault by its field in the contract (`name`, `prompts[3].checks[0].value`, `content`), at most 40 of them;
// PROMPT_LIMIT_EXCEEDED for more than 100,000 prompts.
absl::StatusOr<pb::Suite> OwnSuite(const pb::CreateSuiteRequest& request);

}  // namespace ftl::batch_runner
