#include "services/batch-runner/suite/own_suite.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/prompt_faults.h"
#include "services/batch-runner/suite/prompt_import.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostNameBytes = 200;

bool IsFormat(pb::ContentFormat format) {
  return pb::ContentFormat_IsValid(format) && format != pb::CONTENT_FORMAT_UNSPECIFIED;
}

void ValidateName(std::string_view name, FieldFaults& faults) {
  if (Trimmed(name).empty()) {
    faults.Add("name", "is missing");
  } else if (name.size() > kMostNameBytes) {
    faults.Add("name", "is longer than 200 bytes");
  } else if (name.find_first_of("\r\n") != std::string_view::npos) {
    faults.Add("name", "must be one line");
  }
}

void ValidatePrompts(const pb::CreateSuiteRequest& request, FieldFaults& faults) {
  size_t bytes = 0;
  for (int i = 0; i < request.prompts_size(); ++i) {
    ValidatePrompt(request.prompts(i), fmt::format("prompts[{}]", i), faults);
    bytes += request.prompts(i).prompt().size();
  }
  if (bytes > kMostContentBytes) faults.Add("prompts", "are larger than 32 MiB in all");
}

// Also of a format that nothing is to be read in.
void ValidateFormat(const pb::CreateSuiteRequest& request, FieldFaults& faults) {
  if (!request.has_content_format() || IsFormat(request.content_format())) return;
  faults.Add("content_format", fmt::format("must be {}", EnumWords<pb::ContentFormat>()));
}

// Notes the faults of content in the order of the others. Any other refusal is handed up.
absl::StatusOr<std::vector<pb::Prompt>> Imported(const pb::CreateSuiteRequest& request, FieldFaults& faults) {
  if (!request.has_content_format()) {
    faults.Add("content_format", fmt::format("is missing; it must be {}", EnumWords<pb::ContentFormat>()));
    return std::vector<pb::Prompt>();
  }
  if (!IsFormat(request.content_format())) return std::vector<pb::Prompt>();
  auto prompts = ImportPrompts(request.content(), request.content_format());
  if (prompts.ok() || ReasonOf(prompts.status()) != Reason::kInvalidField) return prompts;
  for (const FieldFault& fault : FieldFaultsOf(prompts.status())) faults.Add(fault.field, fault.message);
  return std::vector<pb::Prompt>();
}

}  // namespace

absl::StatusOr<pb::Suite> OwnSuite(const pb::CreateSuiteRequest& request) {
  if (request.prompts_size() > kMostPrompts) return TooManyPrompts();
  FieldFaults faults;
  ValidateName(request.name(), faults);
  ValidateFormat(request, faults);
  pb::Suite suite;
  if (request.has_content() && request.prompts_size() > 0) {
    faults.Add("content", "cannot be given together with `prompts`");
  } else if (request.has_content()) {
    TRY(std::vector<pb::Prompt> prompts, Imported(request, faults));
    suite.mutable_prompts()->Reserve(static_cast<int>(prompts.size()));
    for (pb::Prompt& prompt : prompts) *suite.add_prompts() = std::move(prompt);
  } else if (request.prompts_size() == 0) {
    faults.Add("prompts", "is missing; give `prompts`, or `content` with `content_format`");
  } else {
    if (IsFormat(request.content_format())) faults.Add("content_format", "belongs to `content`, which is missing");
    ValidatePrompts(request, faults);
    *suite.mutable_prompts() = request.prompts();
  }
  TRY(VerdictOnSuite(faults));
  suite.set_name(std::string(Trimmed(request.name())));
  suite.set_task_domain(pb::TASK_DOMAIN_CUSTOM);
  suite.set_prompt_count(suite.prompts_size());
  return suite;
}

}  // namespace ftl::batch_runner
