#include "common/endpoint/chat_answer.h"

#include <algorithm>
#include <array>

#include <absl/strings/ascii.h>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/clean_text.h"
#include "common/endpoint/error_words.h"
#include "common/text/view.h"

namespace ftl {
namespace {

namespace json = boost::json;
using namespace endpoint_pb;

constexpr size_t kMostToolCalls = 128;
constexpr size_t kLongestFinishReason = 64;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

std::string_view TextIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : View(*text);
}

const json::object* ObjectIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* ArrayIn(const json::object& object, std::string_view name) {
  const json::value* value = Find(object, name);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<int64_t> CountIn(const json::object* object, std::string_view name) {
  constexpr int64_t kMost = 1'000'000'000;
  const json::value* value = object == nullptr ? nullptr : Find(*object, name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto count = value->to_number<int64_t>(error);
  if (error || count < 0 || count > kMost) return std::nullopt;
  return count;
}

// Half a surrogate pair is legal for a server that cuts text by UTF-16, but no character: made U+FFFD.
std::string WithoutLoneSurrogates(std::string_view text) {
  const auto escape_at = [&](size_t at) {  // 1 for a leading half, 2 for a trailing one, else 0
    if (text.size() - at < 6 || text[at] != '\\' || text[at + 1] != 'u' || (text[at + 2] | 0x20) != 'd') return 0;
    const char digit = static_cast<char>(text[at + 3] | 0x20);
    if (digit == '8' || digit == '9' || digit == 'a' || digit == 'b') return 1;
    return digit >= 'c' && digit <= 'f' ? 2 : 0;
  };
  std::string fixed;
  for (size_t at = 0; at < text.size();) {
    const int half = escape_at(at);
    const bool is_pair = half == 1 && text.size() - at >= 12 && escape_at(at + 6) == 2;
    const bool is_escape = text[at] == '\\' && at + 1 < text.size();
    const size_t length = is_pair ? 12 : half != 0 ? 6 : is_escape ? 2 : 1;
    fixed += half != 0 && !is_pair ? "\\ufffd" : text.substr(at, length);
    at += length;
  }
  return fixed;
}

std::string MappedFinishReason(std::string_view raw) {
  const std::string reason = absl::AsciiStrToLower(ToAbsl(raw));
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), reason) != names.end();
  };
  if (is({"stop", "eos", "eos_token", "stop_sequence", "end_turn"})) return "stop";
  if (is({"length", "max_tokens", "model_length", "max_length"})) return "length";
  if (is({"tool_calls", "function_call", "tool_use"})) return "tool_calls";
  if (is({"content_filter", "safety"})) return "content_filter";
  return "other";
}

}  // namespace

// Parses into one buffer that is used again for every chunk.
struct ChatAnswer::Json {
  json::parser parser{json::storage_ptr(), json::parse_options{.allow_invalid_utf8 = true}};
  std::array<unsigned char, 8192> buffer;

  bool Parse(std::string_view text, json::monotonic_resource& memory) {
    boost::system::error_code error;
    parser.reset(&memory);
    parser.write(text.data(), text.size(), error);
    return !error;
  }
};

ChatAnswer::ChatAnswer(size_t text_bytes, const KeyScrub& scrub)
    : scrub_(scrub), json_(std::make_unique<Json>()), room_(text_bytes) {}
ChatAnswer::~ChatAnswer() = default;

ChatAnswer::Brought ChatAnswer::TakeEvent(std::string_view name, std::string_view data) {
  Brought brought;
  if (is_done_ && data.find("\"usage\"") == std::string_view::npos) return brought;
  while (!data.empty() && (data.front() == ' ' || data.front() == '\n')) data.remove_prefix(1);
  // A relay may wrap a comment as data.
  if (data.empty() || data.front() == ':' || has_failed()) return brought;
  if (data.substr(0, 6) == "[DONE]") {
    is_done_ = true;
    return brought;
  }
  const bool is_error = name == "error";
  if (TakeJson(data, is_error, brought)) return brought;
  if (is_error) {
    FailWith(WordsOf(data));
    return brought;
  }
  // Some servers end events with one line end, so that several arrive as one.
  if (data.find('\n') == std::string_view::npos) {
    Fail(FailureOf(FormatFault::kNotJson));
    return brought;
  }
  while (!data.empty()) {
    const size_t end = std::min(data.find('\n'), data.size());
    const Brought of_line = TakeEvent(name, data.substr(0, end));
    brought.token |= of_line.token;
    brought.answer |= of_line.answer;
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  return brought;
}

void ChatAnswer::TakeWhole(std::string_view body) {
  is_stream_ = false;
  Brought ignored;
  const size_t start = std::min(body.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), body.size());
  body.remove_prefix(start);
  if (body.empty()) {
    Fail(FailureOf(FormatFault::kEmpty));
  } else if (!TakeJson(body, false, ignored)) {
    Fail(FailureOf(body.front() == '<' ? FormatFault::kHtml : FormatFault::kNotJson));
  } else if (!has_choice_ && !has_failed()) {
    Fail(FailureOf(FormatFault::kNoChoices));
  }
}

// False for what is no JSON.
bool ChatAnswer::TakeJson(std::string_view text, bool is_error, Brought& brought) {
  json::monotonic_resource memory(json_->buffer.data(), json_->buffer.size());
  std::string fixed;
  if (!json_->Parse(text, memory)) {
    if (text.find("\\u") == std::string_view::npos) return false;
    fixed = WithoutLoneSurrogates(text);
    if (!json_->Parse(fixed, memory)) return false;
  }
  const json::value value = json_->parser.release();
  const json::object* chunk = value.if_object();
  const bool may_be_error = is_error || chunk == nullptr || Find(*chunk, "error") || !Find(*chunk, "choices");
  if (may_be_error && (is_error || HoldsError(value))) FailWith(WordsOf(value));
  if (chunk != nullptr) TakeChunk(*chunk, brought);
  return true;
}

void ChatAnswer::TakeChunk(const json::object& chunk, Brought& brought) {
  if (const json::object* usage = ObjectIn(chunk, "usage")) TakeUsage(*usage);
  if (const json::object* groq = ObjectIn(chunk, "x_groq")) {
    if (const json::object* usage = ObjectIn(*groq, "usage")) TakeUsage(*usage);
  }
  const json::array* choices = ArrayIn(chunk, "choices");
  if (choices == nullptr || choices->empty()) return;
  if (const json::object* choice = choices->front().if_object()) TakeChoice(*choice, brought);
}

void ChatAnswer::TakeChoice(const json::object& choice, Brought& brought) {
  // We ask for one choice; another one's text must not be mixed in.
  if (CountIn(&choice, "index").value_or(0) != 0) return;
  has_choice_ = true;
  const json::object* message = ObjectIn(choice, "delta");
  if (message == nullptr) message = ObjectIn(choice, "message");
  if (message != nullptr) {
    TakeMessage(*message, brought);
  } else {
    TakeContent(TextIn(choice, "text"), brought);
  }
  const std::string_view reason = TextIn(choice, "finish_reason");
  if (!reason.empty()) {
    raw_finish_reason_.clear();
    AppendCleanText(CutText(reason, kLongestFinishReason), raw_finish_reason_);
  }
}

void ChatAnswer::TakeMessage(const json::object& message, Brought& brought) {
  const json::array* details = ArrayIn(message, "reasoning_details");
  if (details == nullptr || !TakeReasoningDetails(*details, brought)) {
    const std::string_view reasoning = TextIn(message, "reasoning_content");
    TakeReasoning(reasoning.empty() ? TextIn(message, "reasoning") : reasoning, brought);
  }
  TakeContent(TextIn(message, "content"), brought);
  TakeContent(TextIn(message, "refusal"), brought);
  if (const json::array* parts = ArrayIn(message, "content")) TakeContentParts(*parts, brought);
  if (const json::array* calls = ArrayIn(message, "tool_calls")) TakeToolCalls(*calls, brought);
  if (const json::object* call = ObjectIn(message, "function_call")) {
    json::object wrapped;
    wrapped["function"] = *call;
    TakeToolCall(0, wrapped, brought);
  }
}

void ChatAnswer::TakeContent(std::string_view text, Brought& brought) {
  if (text.empty() || !HasRoomFor(text)) return;
  const size_t text_before = text_.size();
  std::string clean;
  if (!IsCleanText(text)) {
    AppendCleanText(text, clean);
    text = clean;
  }
  think_block_.Push(text, text_, reasoning_);
  brought.token = true;
  brought.answer |= text_.size() > text_before;
}

void ChatAnswer::TakeReasoning(std::string_view text, Brought& brought) {
  if (text.empty() || !HasRoomFor(text)) return;
  AppendCleanText(text, reasoning_);
  has_reasoning_fields_ = true;
  brought.token = true;
}

void ChatAnswer::TakeContentParts(const json::array& parts, Brought& brought) {
  for (const json::value& part : parts) {
    if (const json::string* text = part.if_string()) TakeContent(View(*text), brought);
    const json::object* object = part.if_object();
    if (object == nullptr) continue;
    TakeContent(TextIn(*object, "text"), brought);
    TakeReasoning(TextIn(*object, "thinking"), brought);
    const json::array* thinking = ArrayIn(*object, "thinking");
    if (thinking != nullptr) TakeReasoningDetails(*thinking, brought);
  }
}

// False where the list holds no text, as with encrypted reasoning.
bool ChatAnswer::TakeReasoningDetails(const json::array& details, Brought& brought) {
  bool found = false;
  for (const json::value& detail : details) {
    const json::object* object = detail.if_object();
    if (object == nullptr) continue;
    const std::string_view text = TextIn(*object, "text");
    const std::string_view summary = text.empty() ? TextIn(*object, "summary") : text;
    TakeReasoning(summary, brought);
    found |= !summary.empty();
  }
  return found;
}

void ChatAnswer::TakeToolCalls(const json::array& calls, Brought& brought) {
  size_t position = 0;
  for (const json::value& value : calls) {
    if (const json::object* call = value.if_object()) {
      TakeToolCall(static_cast<size_t>(CountIn(call, "index").value_or(static_cast<int64_t>(position))), *call,
                   brought);
    }
    ++position;
  }
}

void ChatAnswer::TakeToolCall(size_t index, const json::object& call, Brought& brought) {
  if (index >= kMostToolCalls) return;
  if (tool_calls_.size() <= index) tool_calls_.resize(index + 1);
  ToolCall& merged = tool_calls_[index];
  const json::object* function = ObjectIn(call, "function");
  const std::string_view id = TextIn(call, "id");
  if (!id.empty() && merged.id.empty() && HasRoomFor(id)) AppendCleanText(id, merged.id);
  if (function != nullptr) {
    const std::string_view name = TextIn(*function, "name");
    if (!name.empty() && merged.name.empty() && HasRoomFor(name)) AppendCleanText(name, merged.name);
    const std::string_view arguments = TextIn(*function, "arguments");
    if (HasRoomFor(arguments)) AppendCleanText(arguments, merged.arguments);
    const json::object* whole = ObjectIn(*function, "arguments");
    if (whole != nullptr && merged.arguments.empty()) {
      const std::string text = json::serialize(*whole);
      if (HasRoomFor(text)) AppendCleanText(text, merged.arguments);
    }
  }
  brought.token = brought.answer = true;
}

void ChatAnswer::TakeUsage(const json::object& usage) {
  const auto take = [](std::optional<int64_t> count, std::optional<int64_t>& into) {
    if (count) into = count;
  };
  take(CountIn(&usage, "prompt_tokens"), usage_.input_tokens);
  take(CountIn(&usage, "completion_tokens"), usage_.output_tokens);
  take(CountIn(ObjectIn(usage, "completion_tokens_details"), "reasoning_tokens"), usage_.reasoning_tokens);
  take(CountIn(ObjectIn(usage, "prompt_tokens_details"), "cached_tokens"), usage_.cached_tokens);
}

bool ChatAnswer::HasRoomFor(std::string_view text) {
  if (text.size() <= room_) {
    room_ -= text.size();
    return true;
  }
  room_ = 0;
  Fail(FailureOf(FormatFault::kTextTooLong));
  return false;
}

void ChatAnswer::Fail(CallFailure failure) {
  if (!failure_) failure_ = std::move(failure);
}

void ChatAnswer::FailWith(ErrorWords words) {
  ScrubWords(scrub_, words);
  Fail(FailureOfErrorEvent(words));
}

CallFailure ChatAnswer::FailureAtEnd(End end) const {
  if (failure_) return *failure_;
  const bool says_finished = is_done_ || is_finished() || (!is_stream_ && has_choice_);
  if (!says_finished && end == End::kTimeout) return FailureOf(TransportFault::kTimeout);
  if (!says_finished) {
    if (has_choice_) return TruncatedStream(end == End::kCut);
    return end == End::kCut ? FailureOf(TransportFault::kCut) : FailureOf(FormatFault::kEmpty);
  }
  if (!has_choice_) return FailureOf(FormatFault::kNoChoices);
  if (raw_finish_reason_ == "error") return FailureOfErrorEvent({});
  if (MappedFinishReason(raw_finish_reason_) == "content_filter") return FilteredAnswer();
  return {};
}

void ChatAnswer::Conclude(End end, ChatReply& reply) {
  FinishText();
  reply.failure = FailureAtEnd(end);
  reply.text = scrub_.CleanAnswer(std::move(text_));
  reply.reasoning = scrub_.CleanAnswer(std::move(reasoning_));
  for (ToolCall& call : tool_calls_) {
    reply.tool_calls.push_back({.id = scrub_.CleanAnswer(std::move(call.id)),
                                .name = scrub_.CleanAnswer(std::move(call.name)),
                                .arguments = scrub_.CleanAnswer(std::move(call.arguments))});
  }
  reply.usage = usage_;
  reply.raw_finish_reason = scrub_.CleanError(raw_finish_reason_);
  if (is_finished()) {
    reply.finish_reason = MappedFinishReason(raw_finish_reason_);
  } else if (reply.ok()) {
    reply.finish_reason = reply.tool_calls.empty() ? "stop" : "tool_calls";
  }
  const bool is_cut_short = reply.finish_reason == "length" && reply.text.empty() && reply.tool_calls.empty();
  reply.outcome = !reply.ok() ? reply.failure.outcome : is_cut_short ? OUTCOME_LENGTH_EMPTY : OUTCOME_OK;
}

}  // namespace ftl
