// Own prompts that are accepted are valid and clean, and are the same prompts when they are written out and read again;
// what is said of the others is text that can be sent. The first byte names the format.
#include <algorithm>

#include "common/endpoint/answer/clean_text.h"
#include "common/error/refusal.h"
#include "common/json/message_json.h"
#include "services/batch-runner/suite/prompt_faults.h"
#include "services/batch-runner/suite/prompt_import.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

using namespace batch_runner;
using Prompts = std::vector<pb::Prompt>;

std::string AsJsonLines(const Prompts& prompts) {
  std::string text;
  for (const pb::Prompt& prompt : prompts) text += ToJson(prompt) + "\n";
  return text;
}

std::string AsJson(const Prompts& prompts) {
  std::string text = "{\"prompts\":[";
  for (const pb::Prompt& prompt : prompts) {
    if (text.back() != '[') text += ',';
    text += ToJson(prompt);
  }
  return text + "]}";
}

std::string Quoted(std::string_view cell) {
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string AsCsv(const Prompts& prompts) {
  std::string text = "category,prompt,expected_answer\r\n";
  for (const pb::Prompt& prompt : prompts) {
    text += Quoted(prompt.category()) + ',' + Quoted(prompt.prompt()) + ',' + Quoted(prompt.expected_answer()) + "\r\n";
  }
  return text;
}

// Behind a byte order mark, since a prompt may begin with one.
std::string AsText(const Prompts& prompts) {
  std::string text = "\xEF\xBB\xBF";
  for (const pb::Prompt& prompt : prompts) text += prompt.prompt() + "\n";
  return text;
}

void RequireSame(const Prompts& prompts, const std::string& written, pb::ContentFormat format) {
  const auto again = ImportPrompts(written, format);
  Require(again.ok() && AsJsonLines(*again) == AsJsonLines(prompts), "prompts written out read back as themselves");
}

void CheckAccepted(const Prompts& prompts, pb::ContentFormat format) {
  Require(!prompts.empty(), "an accepted text holds a prompt");
  for (const pb::Prompt& prompt : prompts) {
    FieldFaults faults;
    ValidatePrompt(prompt, "", faults);
    Require(faults.empty(), "every accepted prompt is valid");
    Require(IsCleanText(ToJson(prompt)) && !prompt.prompt().empty(), "every accepted prompt is clean text");
  }
  const bool is_plain = std::all_of(prompts.begin(), prompts.end(), [](const pb::Prompt& prompt) {
    return prompt.checks().empty() && prompt.messages().empty();
  });
  RequireSame(prompts, AsJsonLines(prompts), pb::CONTENT_FORMAT_JSONL);
  RequireSame(prompts, AsJson(prompts), pb::CONTENT_FORMAT_JSON);
  if (format == pb::CONTENT_FORMAT_CSV && is_plain) RequireSame(prompts, AsCsv(prompts), format);
  if (format == pb::CONTENT_FORMAT_TEXT) RequireSame(prompts, AsText(prompts), format);
}

void CheckRefusal(const absl::Status& status) {
  Require(ReasonOf(status) == Reason::kInvalidField || ReasonOf(status) == Reason::kPromptLimitExceeded,
          "a refusal is the person's to mend");
  Require(IsCleanText(std::string(status.message())), "a refusal is text that can be sent");
  const auto faults = FieldFaultsOf(status);
  Require(!faults.empty() && faults.size() <= FieldFaults::kMostListed,
          "a refusal names its faults, and not thousands");
  for (const FieldFault& fault : faults) {
    Require(IsCleanText(fault.field) && IsCleanText(fault.message), "a fault is text that can be sent");
    Require(fault.message.size() < 1024, "a fault is told in a sentence");
  }
}

pb::ContentFormat FormatOf(char letter) {
  switch (letter) {
    case 't':
      return pb::CONTENT_FORMAT_TEXT;
    case 'c':
      return pb::CONTENT_FORMAT_CSV;
    case 'l':
      return pb::CONTENT_FORMAT_JSONL;
    case 'y':
      return pb::CONTENT_FORMAT_YAML;
    case 'a':
      return pb::CONTENT_FORMAT_AUTO;
    default:
      return pb::CONTENT_FORMAT_JSON;
  }
}

}  // namespace

void FuzzOne(std::string_view input) {
  if (input.empty()) return;
  const pb::ContentFormat format = FormatOf(input.front());
  const auto prompts = ImportPrompts(input.substr(1), format);
  if (prompts.ok()) {
    CheckAccepted(*prompts, format);
  } else {
    CheckRefusal(prompts.status());
  }
}

}  // namespace ftl::fuzz
