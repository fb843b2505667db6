#include "services/batch-runner/suite/prompt_faults.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "services/batch-runner/check/check_faults.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/conversation.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostCategoryBytes = 100;
constexpr std::string_view kRoles[] = {"system", "developer", "user", "assistant"};

void ValidateMessages(const pb::Prompt& prompt, const std::string& prefix, FieldFaults& faults) {
  if (prompt.messages().empty()) return;
  if (prompt.messages_size() > kMostMessages) faults.Add(prefix + "messages", "are more than 256");
  size_t bytes = 0;
  bool has_user = false;
  for (int i = 0; i < std::min(prompt.messages_size(), kMostMessages); ++i) {
    const pb::PromptMessage& message = prompt.messages(i);
    const std::string path = fmt::format("{}messages[{}].", prefix, i);
    const auto* known = std::find(std::begin(kRoles), std::end(kRoles), message.role());
    if (known == std::end(kRoles)) faults.Add(path + "role", "must be system, developer, user or assistant");
    if (Trimmed(message.content()).empty()) faults.Add(path + "content", "is missing");
    bytes += message.content().size();
    has_user = has_user || message.role() == "user";
  }
  if (!has_user) faults.Add(prefix + "messages", "have none of a user");
  if (bytes > kMostPromptBytes) faults.Add(prefix + "messages", "are longer than 64 KiB in all");
}

}  // namespace

void ValidatePrompt(const pb::Prompt& prompt, std::string_view path, FieldFaults& faults) {
  const std::string prefix = path.empty() ? "" : fmt::format("{}.", path);
  if (Trimmed(prompt.prompt()).empty()) faults.Add(prefix + "prompt", "is missing");
  if (prompt.prompt().size() > kMostPromptBytes) faults.Add(prefix + "prompt", "is longer than 64 KiB");
  ValidateMessages(prompt, prefix, faults);
  if (prompt.has_category() && Trimmed(prompt.category()).empty()) {
    faults.Add(prefix + "category", "is empty; leave it out where there is none");
  }
  if (prompt.category().size() > kMostCategoryBytes) faults.Add(prefix + "category", "is longer than 100 bytes");
  FieldFaults check_faults;
  ValidateChecks(prompt, path, check_faults);
  for (const FieldFault& fault : check_faults.listed()) {
    faults.Add(fault.field.starts_with('.') ? fault.field.substr(1) : fault.field, fault.message);
  }
}

absl::Status TooManyPrompts() {
  return Refuse(Reason::kPromptLimitExceeded, "A suite may have 100,000 prompts; split this one.")
      .With("limit", kMostPrompts);
}

}  // namespace ftl::batch_runner
