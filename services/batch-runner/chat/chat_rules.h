#pragma once

#include <string_view>

#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/conversation.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// What conversations, agents and templates have alike, and what is asked of a model.
inline constexpr std::string_view kDefaultProject = "default";
inline constexpr size_t kTitleBytes = 1000;
inline constexpr size_t kNameBytes = 200;
inline constexpr size_t kDescriptionBytes = 1000;
inline constexpr size_t kSystemPromptBytes = 64 * 1024;
inline constexpr size_t kMessageBytes = 1024 * 1024;
inline constexpr int kMessagesOfConversation = 10'000;  // on all branches
inline constexpr double kDefaultTemperature = 0.7;
inline constexpr double kDefaultTopP = 0.9;
inline constexpr int kDefaultMaxTokens = 512;

// Each adds a fault for what is not acceptable, under the name of the field.
void JudgeLength(std::string_view field, std::string_view text, size_t least, size_t most, FieldFaults& faults);
void JudgeProject(std::string_view project, FieldFaults& faults);
// `prefix` stands before the names of what is within: `parameters.`, or nothing.
void JudgeModelChoice(const pb::ModelChoice& model, FieldFaults& faults, std::string_view prefix = "model.");
void JudgeChatParameters(const pb::CallParameters& parameters, std::string_view prefix, FieldFaults& faults);

}  // namespace ftl::batch_runner
