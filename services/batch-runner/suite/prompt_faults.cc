#include "services/batch-runner/suite/prompt_faults.h"

#include <string>

#include <fmt/format.h>

#include "services/batch-runner/check/check_faults.h"
#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostCategoryBytes = 100;

}  // namespace

void ValidatePrompt(const pb::Prompt& prompt, std::string_view path, FieldFaults& faults) {
  const std::string prefix = path.empty() ? "" : fmt::format("{}.", path);
  if (Trimmed(prompt.prompt()).empty()) faults.Add(prefix + "prompt", "is missing");
  if (prompt.prompt().size() > kMostPromptBytes) faults.Add(prefix + "prompt", "is longer than 64 KiB");
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

absl::Status VerdictOnSuite(const FieldFaults& faults) {
  if (faults.count() <= kMostFaults) return faults.Verdict();
  FieldFaults told;
  for (size_t i = 0; i < kMostFaults - 1; ++i) told.Add(faults.listed()[i].field, faults.listed()[i].message);
  const FieldFault& last = faults.listed()[kMostFaults - 1];
  told.Add(last.field, fmt::format("{}; {} more faults are not listed", last.message, faults.count() - kMostFaults));
  return told.Verdict();
}

absl::Status TooManyPrompts() {
  return Refuse(Reason::kPromptLimitExceeded, "A suite may have 100,000 prompts; split this one.")
      .With("limit", kMostPrompts);
}

}  // namespace ftl::batch_runner
