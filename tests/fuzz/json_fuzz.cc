// JSON that is accepted is JSON to Boost too, and reads back as itself; a message that was read from it is written as
// JSON that reads back as the same message.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/json/json_reader.h"
#include "common/json/message_json.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

namespace analytics = finetunelab::analytics::v1;
namespace runner = finetunelab::batch_runner::v1;
namespace vault = finetunelab::session_vault::v1;

bool CheckDocument(std::string_view input) {
  const auto document = JsonDocument::Parse(input);
  if (!document.ok()) return false;
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::parse({input.data(), input.size()}, error, {}, options);
  Require(!error, "what is accepted is JSON to Boost");
  const std::string text = boost::json::serialize(document->root());
  Require(IsCleanText(text), "all text is UTF-8 without U+0000");
  const auto again = JsonDocument::Parse(text);
  Require(again.ok() && boost::json::serialize(again->root()) == text, "what is accepted reads back as itself");
  return true;
}

template <typename Message>
void CheckMessage(std::string_view input) {
  Message message;
  InputFaults faults;
  if (!ReadBody(input, message, faults).ok()) return;
  (void)faults.Verdict();
  if (!faults.empty()) return;
  const std::string text = ToJson(message);
  Require(IsCleanText(text), "every message is written as UTF-8");
  Require(text.find('\n') == std::string::npos, "every message is written on one line");
  Message again;
  InputFaults new_faults;
  Require(ReadBody(text, again, new_faults).ok(), "every message is written as JSON");
  Require(ToJson(again) == text, "a message reads back as itself");
}

void CheckParameter(std::string_view input) {
  runner::StartRunRequest message;
  InputFaults faults;
  for (const char* name : {"session_id", "prompt_limit", "stream", "temperature", "timeout_ms", "nothing"}) {
    ReadParameter(name, input, message, faults);
  }
}

}  // namespace

void FuzzOne(std::string_view input) {
  CheckParameter(input);
  const bool accepted = CheckDocument(input);
  vault::OpenSessionRequest message;
  InputFaults faults;
  Require(accepted || !ReadBody(input, message, faults).ok(), "no message is read from what is no JSON");
  if (!accepted) return;
  CheckMessage<vault::OpenSessionRequest>(input);
  CheckMessage<runner::StartRunRequest>(input);
  CheckMessage<runner::CreateSuiteRequest>(input);
  CheckMessage<analytics::AskRequest>(input);
  // Of an answer, for the fields that no request has: times, lists of messages, numbers of 64 bits.
  CheckMessage<runner::Run>(input);
  CheckMessage<runner::Result>(input);
}

}  // namespace ftl::fuzz
