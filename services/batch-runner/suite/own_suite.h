#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The suite that a person's request asks for, whole and valid, without an id: that is the store's. INVALID_FIELD names
// every fault by its field in the contract (`name`, `prompts[3].checks[0].value`, `content`), at most 40 of them;
// PROMPT_LIMIT_EXCEEDED for more than 100,000 prompts.
// `left_out`, where given, names what of the content was not read.
absl::StatusOr<pb::Suite> OwnSuite(const pb::CreateSuiteRequest& request, std::vector<std::string>* left_out = nullptr);

// What the content of a request holds. INVALID_FIELD for no content or a format that does not exist.
absl::StatusOr<pb::PreviewSuiteResponse> PreviewOf(const pb::PreviewSuiteRequest& request);

}  // namespace ftl::batch_runner
