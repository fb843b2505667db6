#pragma once

#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "services/batch-runner/suite/suite_reading.h"

namespace ftl::batch_runner {

// Reads the prompts that a person's text or file holds, whatever wrote it; README.md lists the forms. Never fails: what
// is wrong is among the faults, what was not read among the names left out. Linear, and bounded while it reads: 32 MiB,
// 100,000 prompts, 1,000 columns or fields, 1 MiB a line of JSONL, JsonLimits, 10,000 faults.
SuiteReading ReadSuite(std::string_view bytes, pb::ContentFormat format);

// Notes each fault as one of `content`. PROMPT_LIMIT_EXCEEDED for more than 100,000 prompts.
absl::Status NoteFaults(const SuiteReading& reading, FieldFaults& faults);

// The prompts of a text in which nothing is wrong.
absl::StatusOr<std::vector<pb::Prompt>> ImportPrompts(std::string_view bytes, pb::ContentFormat format);

}  // namespace ftl::batch_runner
