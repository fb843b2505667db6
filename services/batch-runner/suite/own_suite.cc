#include "services/batch-runner/suite/own_suite.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/conversation.h"
#include "services/batch-runner/suite/prompt_faults.h"
#include "services/batch-runner/suite/prompt_import.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostNameBytes = 200;
constexpr size_t kMostShown = 20;

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

void ValidatePrompts(const pb::Suite& suite, FieldFaults& faults) {
  size_t bytes = 0;
  for (int i = 0; i < suite.prompts_size(); ++i) {
    ValidatePrompt(suite.prompts(i), fmt::format("prompts[{}]", i), faults);
    bytes += suite.prompts(i).prompt().size();
    for (const pb::PromptMessage& message : suite.prompts(i).messages()) bytes += message.content().size();
  }
  if (bytes > kMostContentBytes) faults.Add("prompts", "are larger than 32 MiB in all");
}

// Also of a format that nothing is to be read in.
void ValidateFormat(const pb::CreateSuiteRequest& request, FieldFaults& faults) {
  if (!request.has_content_format() || IsFormat(request.content_format())) return;
  faults.Add("content_format", fmt::format("must be {}", EnumWords<pb::ContentFormat>()));
}

// Notes the faults of content in the order of the others. Any other refusal is handed up.
absl::StatusOr<std::vector<pb::Prompt>> Imported(const pb::CreateSuiteRequest& request,
                                                 std::vector<std::string>* left_out, FieldFaults& faults) {
  if (!request.has_content_format()) {
    faults.Add("content_format", fmt::format("is missing; it must be {}", EnumWords<pb::ContentFormat>()));
    return std::vector<pb::Prompt>();
  }
  if (!IsFormat(request.content_format())) return std::vector<pb::Prompt>();
  SuiteReading reading = ReadSuite(request.content(), request.content_format());
  if (left_out != nullptr) *left_out = reading.left_out();
  TRY(NoteFaults(reading, faults));
  return std::move(reading.prompts());
}

}  // namespace

absl::StatusOr<pb::Suite> OwnSuite(const pb::CreateSuiteRequest& request, std::vector<std::string>* left_out) {
  if (request.prompts_size() > kMostPrompts) return TooManyPrompts();
  FieldFaults faults;
  ValidateName(request.name(), faults);
  ValidateFormat(request, faults);
  pb::Suite suite;
  if (request.has_content() && request.prompts_size() > 0) {
    faults.Add("content", "cannot be given together with `prompts`");
  } else if (request.has_content()) {
    TRY(std::vector<pb::Prompt> prompts, Imported(request, left_out, faults));
    suite.mutable_prompts()->Reserve(static_cast<int>(prompts.size()));
    for (pb::Prompt& prompt : prompts) *suite.add_prompts() = std::move(prompt);
  } else if (request.prompts_size() == 0) {
    faults.Add("prompts", "is missing; give `prompts`, or `content` with `content_format`");
  } else {
    if (IsFormat(request.content_format())) faults.Add("content_format", "belongs to `content`, which is missing");
    *suite.mutable_prompts() = request.prompts();
    for (pb::Prompt& prompt : *suite.mutable_prompts()) SettleConversation(prompt);
    ValidatePrompts(suite, faults);
  }
  TRY(faults.Verdict());
  suite.set_name(std::string(Trimmed(request.name())));
  suite.set_task_domain(pb::TASK_DOMAIN_CUSTOM);
  suite.set_prompt_count(suite.prompts_size());
  return suite;
}

absl::StatusOr<pb::PreviewSuiteResponse> PreviewOf(const pb::PreviewSuiteRequest& request) {
  FieldFaults wrong;
  if (request.has_content_format() && !IsFormat(request.content_format())) {
    wrong.Add("content_format", fmt::format("must be {}", EnumWords<pb::ContentFormat>()));
  }
  if (!request.has_content() && request.raw_content().empty()) {
    wrong.Add("content", "is missing; give it, or a file as application/octet-stream");
  }
  TRY(wrong.Verdict());
  const std::string& bytes = request.has_content() ? request.content() : request.raw_content();
  SuiteReading reading =
      ReadSuite(bytes, request.has_content_format() ? request.content_format() : pb::CONTENT_FORMAT_AUTO);
  pb::PreviewSuiteResponse preview;
  const size_t shown = std::min(reading.prompts().size(), kMostShown);
  for (size_t i = 0; i < shown; ++i) *preview.add_prompts() = std::move(reading.prompts()[i]);
  preview.set_prompt_count(static_cast<int32_t>(reading.prompts().size()));
  if (reading.format != pb::CONTENT_FORMAT_AUTO) preview.set_format(reading.format);
  if (!reading.shape.empty()) preview.set_shape(reading.shape);
  preview.set_encoding(reading.encoding);
  if (!reading.delimiter.empty()) preview.set_delimiter(reading.delimiter);
  for (const std::string& name : reading.left_out()) preview.add_left_out(name);
  for (const pb::ContentFault& fault : reading.faults()) *preview.add_faults() = fault;
  preview.set_more_faults(static_cast<int32_t>(reading.fault_count() - reading.faults().size()));
  return preview;
}

}  // namespace ftl::batch_runner
