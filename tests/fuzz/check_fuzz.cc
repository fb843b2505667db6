// Checks that may be stored, on any answer: an outcome for each, told in a clean sentence, the same each time. The
// first line is the prompt with its checks, the rest the answer.
#include "common/endpoint/answer/clean_text.h"
#include "common/json/message_json.h"
#include "services/batch-runner/check/check.h"
#include "services/batch-runner/check/check_faults.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

using namespace batch_runner;

void CheckFaults(const FieldFaults& faults) {
  for (const FieldFault& fault : faults.listed()) {
    Require(IsCleanText(fault.field) && IsCleanText(fault.message), "a fault is text that can be sent");
    Require(fault.message.size() < 1024, "a fault is told in a sentence");
  }
}

}  // namespace

void FuzzOne(std::string_view input) {
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) return;
  pb::Prompt prompt;
  InputFaults unread;
  if (!ReadBody(input.substr(0, end), prompt, unread).ok() || !unread.empty()) return;
  FieldFaults faults;
  ValidateChecks(prompt, "prompts[0]", faults);
  CheckFaults(faults);
  if (!faults.empty()) return;

  std::string response;
  AppendCleanText(input.substr(end + 1), response);
  const auto judged = [&] {
    MatchWork work;
    return RunChecks(prompt, response, absl::Milliseconds(500), work);
  };
  const auto outcomes = judged();
  Require(outcomes.size() >= static_cast<size_t>(prompt.checks_size()), "every check has an outcome");
  const auto again = judged();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Require(IsCleanText(outcomes[i].detail()) && !outcomes[i].detail().empty(), "an outcome is told in clean text");
    Require(outcomes[i].detail().size() < 4096, "an outcome is told in a sentence");
    Require(outcomes[i].SerializeAsString() == again[i].SerializeAsString(), "an outcome is the same each time");
  }
}

}  // namespace ftl::fuzz
