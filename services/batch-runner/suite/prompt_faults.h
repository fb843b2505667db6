#pragma once

#include <string_view>

#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

constexpr int kMostPrompts = 100'000;
constexpr size_t kMostPromptBytes = 64 * 1024;
constexpr size_t kMostContentBytes = 32 * 1024 * 1024;

// Notes all that is wrong with a prompt that a person gives, under `<path>.prompt` and so on; an empty path leaves the
// fields bare.
void ValidatePrompt(const pb::Prompt& prompt, std::string_view path, FieldFaults& faults);

// PROMPT_LIMIT_EXCEEDED.
absl::Status TooManyPrompts();

}  // namespace ftl::batch_runner
