#include "services/batch-runner/store/suite_row.h"

#include <fmt/format.h>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/json/message_plan.h"

namespace ftl::batch_runner {
namespace {

template <typename Enum>
Enum FromWord(std::string_view word) {
  const auto* value = ValueOf(*google::protobuf::GetEnumDescriptor<Enum>(), word);
  return static_cast<Enum>(value ? value->number() : 0);
}

template <typename Messages>
std::string ListToJson(const Messages& messages) {
  std::string json = "[";
  for (const auto& message : messages) {
    if (json.size() > 1) json += ',';
    WriteMessage(message, json);
  }
  return json + "]";
}

}  // namespace

std::string PromptsToJson(const pb::Suite& suite) { return ListToJson(suite.prompts()); }

absl::Status PromptsFromJson(std::string_view json, pb::Suite& suite) {
  InputFaults faults;
  TRY(ReadBody(fmt::format(R"({{"prompts":{}}})", json), suite, faults, JsonLimits::kAnyNumberOfValues));
  return faults.Verdict();
}

std::string ChecksToJson(const pb::Prompt& prompt) { return ListToJson(prompt.checks()); }

void ChecksFromJson(std::string_view json, pb::Prompt& prompt) {
  InputFaults faults;
  (void)ReadBody(fmt::format(R"({{"checks":{}}})", json), prompt, faults);
}

std::string MessagesToJson(const pb::Prompt& prompt) { return ListToJson(prompt.messages()); }

void MessagesFromJson(std::string_view json, pb::Prompt& prompt) {
  InputFaults faults;
  (void)ReadBody(fmt::format(R"({{"messages":{}}})", json), prompt, faults);
}

pb::Difficulty DifficultyOf(const std::optional<std::string>& word) {
  return word ? FromWord<pb::Difficulty>(*word) : pb::DIFFICULTY_UNSPECIFIED;
}
pb::TaskDomain TaskDomainOf(std::string_view word) { return FromWord<pb::TaskDomain>(word); }
std::string TaskDomainWord(pb::TaskDomain domain) {
  const auto* value = pb::TaskDomain_descriptor()->FindValueByNumber(domain);
  return std::string(value ? WordOf(*value) : "");
}

}  // namespace ftl::batch_runner
