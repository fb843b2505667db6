#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The door between stored suites and messages. Prompts, checks and messages are stored as in the HTTP contract.
std::string PromptsToJson(const pb::Suite& suite);
absl::Status PromptsFromJson(std::string_view json, pb::Suite& suite);
std::string ChecksToJson(const pb::Prompt& prompt);
void ChecksFromJson(std::string_view json, pb::Prompt& prompt);
std::string MessagesToJson(const pb::Prompt& prompt);
void MessagesFromJson(std::string_view json, pb::Prompt& prompt);

pb::Difficulty DifficultyOf(const std::optional<std::string>& word);
pb::TaskDomain TaskDomainOf(std::string_view word);
std::string TaskDomainWord(pb::TaskDomain domain);

}  // namespace ftl::batch_runner
