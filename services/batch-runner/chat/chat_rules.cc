#include "services/batch-runner/chat/chat_rules.h"

#include <fmt/format.h>

namespace ftl::batch_runner {
namespace {

constexpr size_t kProjectBytes = 64;
constexpr size_t kKeyNameBytes = 64;
constexpr size_t kModelIdBytes = 256;
constexpr int kMostTokens = 4096;

}  // namespace

void JudgeLength(std::string_view field, std::string_view text, size_t least, size_t most, FieldFaults& faults) {
  if (text.size() < least) faults.Add(field, "is missing");
  if (text.size() > most) faults.Add(field, fmt::format("must be at most {} bytes", most));
}

void JudgeProject(std::string_view project, FieldFaults& faults) {
  if (project.empty() || project.size() > kProjectBytes) {
    faults.Add("project", fmt::format("must be 1 to {} bytes", kProjectBytes));
  }
}

void JudgeModelChoice(const pb::ModelChoice& model, FieldFaults& faults, std::string_view prefix) {
  const std::string before(prefix);
  JudgeLength(before + "service", model.service(), 1, kKeyNameBytes, faults);
  if (model.has_name()) JudgeLength(before + "name", model.name(), 1, kKeyNameBytes, faults);
  JudgeLength(before + "id", model.id(), 1, kModelIdBytes, faults);
}

void JudgeChatParameters(const pb::CallParameters& parameters, std::string_view prefix, FieldFaults& faults) {
  const auto field = [prefix](std::string_view name) { return std::string(prefix) + std::string(name); };
  // Written so that what is no number is refused too.
  if (parameters.has_temperature() && !(parameters.temperature() >= 0 && parameters.temperature() <= 2)) {
    faults.Add(field("temperature"), "must be 0 to 2");
  }
  if (parameters.has_max_tokens() && (parameters.max_tokens() < 1 || parameters.max_tokens() > kMostTokens)) {
    faults.Add(field("max_tokens"), fmt::format("must be 1 to {}", kMostTokens));
  }
  if (parameters.has_top_p() && !(parameters.top_p() >= 0 && parameters.top_p() <= 1)) {
    faults.Add(field("top_p"), "must be 0 to 1");
  }
}

}  // namespace ftl::batch_runner
