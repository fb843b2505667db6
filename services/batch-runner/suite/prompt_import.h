#pragma once

#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The prompts that a text holds, each valid. A byte order mark is passed over.
// - text: each line that is not blank, without white space around it.
// - csv: a header with `prompt`, and `expected_answer` and `category` if wanted, in any order; other columns are
// refused,
//   since a misspelt one would otherwise be lost silently. An empty cell is an absent field.
// - jsonl: each line that is not blank a string or an object as in the HTTP contract.
// - json: a list of these, or an object with `prompts`.
// INVALID_FIELD names every fault as one of `content`, with its line (in JSON its place); PROMPT_LIMIT_EXCEEDED for
// more than 100,000.
absl::StatusOr<std::vector<pb::Prompt>> ImportPrompts(std::string_view content, pb::ContentFormat format);

}  // namespace ftl::batch_runner
