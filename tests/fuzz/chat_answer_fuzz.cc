// Whatever an endpoint sends, the reply made of it is clean text within its bound, and shows no key. The first byte
// says whether the rest is an event stream, a whole answer, a listing of models or the body of an error; a digit, that
// it is a stream or a whole answer as one of the dialects speaks.
#include "common/endpoint/answer/chat_answer.h"
#include "common/endpoint/answer/clean_text.h"
#include "common/endpoint/answer/scrub.h"
#include "common/endpoint/answer/sse_decoder.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/format/model_listing.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

constexpr std::string_view kKey = "sk-fuzz-0123456789";
constexpr size_t kTextBytes = 512;
constexpr size_t kMostModels = 8;

void CheckText(std::string_view text) {
  Require(IsCleanText(text), "all text is UTF-8 without U+0000");
  Require(text.find(kKey) == std::string_view::npos, "no text shows the key");
}

void CheckReply(const ChatReply& reply) {
  size_t bytes = reply.text.size() + reply.reasoning.size();
  CheckText(reply.text);
  CheckText(reply.reasoning);
  for (const ToolCall& call : reply.tool_calls) {
    for (const std::string& part : {call.id, call.name, call.arguments}) {
      CheckText(part);
      bytes += part.size();
    }
  }
  // What replaces a byte that is no text has three.
  Require(bytes <= 3 * kTextBytes, "a reply is within its bound");
  CheckText(reply.finish_reason);
  CheckText(reply.raw_finish_reason);
  CheckText(reply.failure.sentence);
  Require(reply.ok() || !reply.failure.sentence.empty(), "a failure says what happened");
}

void CheckStream(std::string_view input) {
  const KeyScrub scrub{Secret(kKey)};
  ChatAnswer answer(kTextBytes, scrub);
  const auto reader = OpenAiDialect().ReaderInto(answer);
  SseDecoder decoder(1024);
  const auto on_event = [&](const SseEvent& event) { (void)reader->TakeEvent(event.name, event.data, false); };
  const bool whole = decoder.Decode(input, on_event);
  decoder.Finish(on_event);
  ChatReply reply;
  answer.Conclude(whole ? ChatAnswer::End::kWhole : ChatAnswer::End::kCut, reply);
  CheckReply(reply);
}

void CheckWhole(std::string_view input) {
  const KeyScrub scrub{Secret(kKey)};
  ChatAnswer answer(kTextBytes, scrub);
  OpenAiDialect().ReaderInto(answer)->TakeWhole(input);
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  CheckReply(reply);
}

void CheckDialect(size_t number, std::string_view input) {
  const KeyScrub scrub{Secret(kKey)};
  ChatAnswer answer(kTextBytes, scrub);
  const auto reader = Dialects()[number / 2 % Dialects().size()]->ReaderInto(answer);
  if (number % 2 == 0) {
    reader->TakeWhole(input);
  } else {
    SseDecoder decoder(1024);
    const auto on_event = [&](const SseEvent& event) { reader->TakeEvent(event.name, event.data, false); };
    (void)decoder.Decode(input, on_event);
    decoder.Finish(on_event);
  }
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  CheckReply(reply);
}

void CheckModels(std::string_view input) {
  const ModelList list = ReadModelList(input, kMostModels);
  Require(list.models.size() <= kMostModels, "a listing is within its bound");
  for (const ListedModel& model : list.models) {
    Require(!model.id.empty() && IsCleanText(model.id) && IsCleanText(model.owned_by), "a model has a clean name");
  }
}

void CheckError(std::string_view input) {
  const CallFailure failure = FailureOfAnswer(400, WordsOf(input), {}, absl::UnixEpoch());
  Require(IsCleanText(failure.sentence) && !failure.sentence.empty(), "a failure says what happened");
  Require(failure.sentence.size() < 2048, "a failure is short");
}

}  // namespace

void FuzzOne(std::string_view input) {
  if (input.empty()) return;
  const std::string_view rest = input.substr(1);
  if (input.front() >= '0' && input.front() <= '9') return CheckDialect(static_cast<size_t>(input.front() - '0'), rest);
  switch (input.front()) {
    case 'w':
      return CheckWhole(rest);
    case 'm':
      return CheckModels(rest);
    case 'e':
      return CheckError(rest);
    default:
      return CheckStream(rest);
  }
}

}  // namespace ftl::fuzz
