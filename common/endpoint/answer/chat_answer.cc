#include "common/endpoint/answer/chat_answer.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/finish_reason.h"
#include "common/endpoint/answer/json_fields.h"

namespace ftl {
namespace {

namespace json = boost::json;
using namespace endpoint_pb;

constexpr size_t kMostToolCalls = 128;
constexpr size_t kLongestFinishReason = 64;

constexpr size_t kDeepestJson = 256;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

// Some servers keep a stream alive by events of their own.
bool IsKeepAlive(std::string_view event) {
  return event == "ping" || event == "heartbeat" || event == "keepalive" || event == "keep-alive";
}

bool IsReasoningPart(std::string_view type) {
  return type.find("reasoning") != std::string_view::npos || type.find("thinking") != std::string_view::npos;
}

// Of a whole answer.
Outcome OutcomeOf(const ChatReply& reply) {
  if (!reply.text.empty() || !reply.tool_calls.empty()) return OUTCOME_OK;
  if (reply.finish_reason == "length") return OUTCOME_LENGTH_EMPTY;
  const bool has_reasoned = !reply.reasoning.empty() || reply.usage.reasoning_tokens.value_or(0) > 0;
  return has_reasoned ? OUTCOME_REASONING_ONLY : OUTCOME_EMPTY;
}

// A text of some variety: `ha`, `haha` may be what a model says.
bool IsVaried(std::string_view text) {
  std::bitset<256> bytes;
  for (const char c : text) bytes.set(static_cast<unsigned char>(c));
  return bytes.count() >= 4;
}

}  // namespace

// Parses into one buffer that is used again for every chunk.
struct ChatAnswer::Json {
  json::parser parser{json::storage_ptr(), json::parse_options{.max_depth = kDeepestJson, .allow_invalid_utf8 = true}};
  std::array<unsigned char, 8192> buffer;

  bool Parse(std::string_view text, json::monotonic_resource& memory) {
    boost::system::error_code error;
    parser.reset(&memory);
    parser.write(text.data(), text.size(), error);
    return !error;
  }

  // How many bytes the object at the front of `text` has; 0 for none.
  size_t ObjectAtFront(std::string_view text, json::monotonic_resource& memory) {
    if (text.substr(0, 1) != "{") return 0;
    boost::system::error_code error;
    parser.reset(&memory);
    const size_t bytes = parser.write_some(text.data(), text.size(), error);
    return error ? 0 : bytes;
  }
};

ChatAnswer::ChatAnswer(size_t text_bytes, const KeyScrub& scrub)
    : scrub_(scrub), json_(std::make_unique<Json>()), room_(text_bytes) {}
ChatAnswer::~ChatAnswer() = default;

ChatAnswer::Brought ChatAnswer::TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) {
  Brought brought;
  if (is_done_ && data.find("\"usage\"") == std::string_view::npos) return brought;
  const auto skip_space = [&] {
    while (!data.empty() && (data.front() == ' ' || data.front() == '\n')) data.remove_prefix(1);
  };
  skip_space();
  // A relay may wrap the field once more.
  while (data.substr(0, 5) == "data:") {
    data.remove_prefix(5);
    skip_space();
  }
  // A relay may wrap a comment as data.
  if (data.empty() || data.front() == ':' || has_failed() || IsKeepAlive(name)) return brought;
  if (data.substr(0, 6) == "[DONE]" || data.substr(0, 7) == "\"[DONE]") {
    is_done_ = true;
    return brought;
  }
  const bool is_error = name == "error";
  if (TakeJson(data, is_error, brought) || TakeGlued(data, may_be_cut, brought)) return brought;
  if (is_error) {
    FailWith(WordsOf(data));
    return brought;
  }
  // Some servers end events with one line end, so that several arrive as one.
  if (data.find('\n') == std::string_view::npos) {
    // Behind the finish it is one more way to say that the stream is done.
    if (!may_be_cut && !is_finished()) FailQuoting(FormatFault::kNotJson, data);
    return brought;
  }
  while (!data.empty()) {
    const size_t end = std::min(data.find('\n'), data.size());
    const Brought of_line = TakeEvent(name, data.substr(0, end), may_be_cut);
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
  } else if (!TakeJson(body, false, ignored) && !TakeLines(body) && !TakeGlued(body, /*may_be_cut=*/true, ignored)) {
    if (body.front() == '<') Fail(FailureOf(FormatFault::kHtml));
    FailQuoting(FormatFault::kNotJson, body);
  } else if (!has_choice_ && !has_failed()) {
    FailQuoting(FormatFault::kNoChoices, body);
  }
}

// Some give a stream's events as lines of JSON, or put a stream's end behind a whole answer. False where none is JSON.
bool ChatAnswer::TakeLines(std::string_view body) {
  if (body.front() != '{') return false;
  Brought ignored;
  const size_t end = body.rfind("data: [DONE]");
  if (end != std::string_view::npos && TakeJson(body.substr(0, end), false, ignored)) return true;
  const std::string_view first = body.substr(0, body.find('\n'));
  if (first.size() == body.size() || !TakeJson(first, false, ignored)) return false;
  is_stream_ = true;
  has_choice_ = has_choice_ || !text_.empty();
  body.remove_prefix(first.size());
  while (!body.empty()) {
    const size_t line_end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, line_end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    TakeEvent("", line, /*may_be_cut=*/line_end == body.size());
    body.remove_prefix(std::min(line_end + 1, body.size()));
  }
  return true;
}

// Some put one object behind the other with nothing between. False where there is none.
bool ChatAnswer::TakeGlued(std::string_view text, bool may_be_cut, Brought& brought) {
  const auto skip_parting = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n,"), text.size())); };
  bool taken = false;
  while (true) {
    skip_parting();
    if (taken && text.substr(0, 5) == "data:") {
      text.remove_prefix(5);
      skip_parting();
    }
    json::monotonic_resource memory(json_->buffer.data(), json_->buffer.size());
    const size_t bytes = json_->ObjectAtFront(text, memory);
    if (bytes == 0 || !TakeJson(text.substr(0, bytes), false, brought)) break;
    is_stream_ = is_stream_ || taken;
    taken = true;
    text.remove_prefix(bytes);
  }
  if (!taken || text.empty()) return taken;
  is_done_ = is_done_ || text.substr(0, 6) == "[DONE]";
  if (!is_done_ && !may_be_cut && !is_finished()) FailQuoting(FormatFault::kNotJson, text);
  return true;
}

void ChatAnswer::FailQuoting(FormatFault fault, std::string_view data) {
  CallFailure failure = FailureOf(fault);
  const std::string said = Quoted(scrub_.CleanError(std::string(CutText(data, 1024))));
  if (!said.empty()) failure.sentence += said + ".";
  Fail(std::move(failure));
}

void ChatAnswer::TakeStrayWords(std::string_view words) {
  if (!words.empty() && !is_done_ && !is_finished() && !has_failed()) FailWith(WordsOf(words));
}

// False for what is no JSON.
bool ChatAnswer::TakeJson(std::string_view text, bool is_error, Brought& brought) {
  json::monotonic_resource memory(json_->buffer.data(), json_->buffer.size());
  std::string fixed;
  if (!json_->Parse(text, memory)) {
    if (text.find("\\u") == std::string_view::npos) return false;
    fixed = WithLoneSurrogatesAsBytes(text);
    if (!json_->Parse(fixed, memory)) return false;
  }
  const json::value value = json_->parser.release();
  if (const json::array* chunks = value.if_array(); chunks != nullptr && !HoldsError(value)) {
    for (const json::value& one : *chunks) {
      if (const json::object* chunk = one.if_object()) TakeChunk(*chunk, brought);
    }
    return true;
  }
  const json::object* chunk = value.if_object();
  const bool may_be_error = is_error || chunk == nullptr || Find(*chunk, "error") || !ArrayIn(*chunk, "choices");
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
  const json::object* choice = choices == nullptr ? nullptr : OurChoice(*choices);
  if (choice != nullptr) TakeChoice(*choice, brought);
}

// We ask for one choice; another one's text must not be mixed in. Ours is number 0, or the first where there is none.
const json::object* ChatAnswer::OurChoice(const json::array& choices) {
  const json::object* other = nullptr;
  for (const json::value& value : choices) {
    const json::object* choice = value.if_object();
    if (choice == nullptr) continue;
    const auto index = CountIn(choice, "index");
    if (index == 0 && choice_index_) Forget();
    if (!index || index == choice_index_ || *index == 0) return choice;
    if (other == nullptr) other = choice;
  }
  if (other == nullptr || has_choice_) return nullptr;
  choice_index_ = CountIn(other, "index");
  return other;
}

// What was taken is another choice's.
void ChatAnswer::Forget() {
  choice_index_.reset();
  think_block_ = {};
  text_.clear();
  reasoning_.clear();
  split_text_.clear();
  split_reasoning_.clear();
  last_delta_.clear();
  growing_deltas_ = deltas_ = 0;
  repeat_from_ = std::string::npos;
  tool_calls_.clear();
  raw_finish_reason_.clear();
}

void ChatAnswer::TakeChoice(const json::object& choice, Brought& brought) {
  const json::object* delta = ObjectIn(choice, "delta");
  const json::object* message = ObjectIn(choice, "message");
  const json::value* text = Find(choice, "text");
  has_choice_ |= is_stream_ || delta != nullptr || message != nullptr || text != nullptr;
  if (delta != nullptr) {
    TakeMessage(*delta, brought);
    has_deltas_ |= brought.token;
  } else if (message != nullptr) {
    // At the end of a stream it repeats what the deltas have told.
    if (!has_deltas_) TakeMessage(*message, brought);
  } else {
    TakeContent(TextIn(choice, "text"), brought);
  }
  if (const json::object* usage = ObjectIn(choice, "usage")) TakeUsage(*usage);
  // OpenRouter tells the failure of one provider here.
  const json::object* error = ObjectIn(choice, "error");
  if (error != nullptr && !error->empty()) FailWith(WordsOf(json::value(choice)));
  TakeFinishReason(TextIn(choice, "finish_reason"));
}

ChatAnswer::Brought ChatAnswer::TakeText(std::string_view text) {
  Brought brought;
  has_choice_ = true;
  TakeContent(text, brought);
  return brought;
}

ChatAnswer::Brought ChatAnswer::TakeThought(std::string_view text) {
  Brought brought;
  has_choice_ = true;
  TakeReasoning(text, brought);
  return brought;
}

ChatAnswer::Brought ChatAnswer::TakeToolCallPart(size_t index, const ToolCall& part) {
  Brought brought;
  has_choice_ = true;
  ToolCall* merged = ToolCallAt(index);
  if (merged == nullptr) return brought;
  MergeToolCall(part.id, part.name, part.arguments, *merged);
  brought.token = brought.answer = true;
  return brought;
}

void ChatAnswer::TakeFinishReason(std::string_view raw) {
  if (!SaysFinished(raw)) return;
  has_choice_ = true;
  raw_finish_reason_.clear();
  AppendCleanText(CutText(raw, kLongestFinishReason), raw_finish_reason_);
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
  if (const json::object* part = ObjectIn(message, "content")) TakeContentPart(*part, brought);
  if (const json::array* calls = ArrayIn(message, "tool_calls")) TakeToolCalls(*calls, brought);
  if (const json::object* call = ObjectIn(message, "function_call")) {
    json::object wrapped;
    wrapped["function"] = *call;
    TakeToolCall(0, wrapped, brought);
  }
}

void ChatAnswer::TakeContent(std::string_view text, Brought& brought) {
  if (text.empty()) return;
  text = WithoutRepetition(text);
  if (!HasRoomFor(text)) return;
  const size_t text_before = text_.size();
  std::string clean;
  if (!split_text_.empty() || !IsCleanText(text)) {
    AppendCleanText(JoinSplitCharacter(text, split_text_), clean);
    text = clean;
  }
  think_block_.Push(text, text_, reasoning_);
  brought.token = true;
  brought.answer |= text_.size() > text_before;
}

// What of a delta is new. Some servers repeat the text so far in each; the third that does so shows it.
std::string_view ChatAnswer::WithoutRepetition(std::string_view text) {
  const bool repeats_all = ++deltas_ > 2 && text.size() == text_.size() && text == text_ && IsVaried(text);
  repeat_from_ = repeats_all ? text_.size() : std::string::npos;
  if (growing_deltas_ < 0) return text;
  const size_t known = last_delta_.size();
  const bool is_known = growing_deltas_ > 2 && text == last_delta_;
  if (!is_known && known > 0 && (text.size() <= known || text.substr(0, known) != last_delta_)) {
    growing_deltas_ = -1;
    last_delta_ = {};
    return text;
  }
  last_delta_ = text;
  growing_deltas_ += is_known ? 0 : 1;
  if (growing_deltas_ < 3) return text;
  if (growing_deltas_ > 3 || is_known) return text.substr(known);
  if (!IsVaried(text)) {
    growing_deltas_ = -1;
    return text;
  }
  think_block_ = {};
  text_.clear();
  if (!has_reasoning_fields_) reasoning_.clear();
  return text;
}

// Of two deltas, the second of which begins with all of a first one of some length, the second is the answer.
void ChatAnswer::TakeSecondOfTwo() {
  constexpr size_t kSomeLength = 8;
  if (deltas_ != 2 || growing_deltas_ != 2 || text_.size() <= last_delta_.size()) return;
  const std::string_view first = std::string_view(text_).substr(0, text_.size() - last_delta_.size());
  const bool repeats = first.size() >= kSomeLength && IsVaried(first) && text_.ends_with(last_delta_) &&
                       last_delta_.substr(0, first.size()) == first;
  if (repeats) text_.erase(0, first.size());
}

void ChatAnswer::TakeReasoning(std::string_view text, Brought& brought) {
  if (text.empty() || !HasRoomFor(text)) return;
  if (split_reasoning_.empty() && IsCleanText(text)) {
    reasoning_ += text;
  } else {
    AppendCleanText(JoinSplitCharacter(text, split_reasoning_), reasoning_);
  }
  has_reasoning_fields_ = true;
  brought.token = true;
}

void ChatAnswer::TakeContentParts(const json::array& parts, Brought& brought) {
  for (const json::value& part : parts) {
    if (const json::string* text = part.if_string()) TakeContent(View(*text), brought);
    if (const json::object* object = part.if_object()) TakeContentPart(*object, brought);
  }
}

void ChatAnswer::TakeContentPart(const json::object& part, Brought& brought) {
  if (IsReasoningPart(TextIn(part, "type"))) {
    TakeReasoning(TextIn(part, "text"), brought);
  } else {
    TakeContent(TextIn(part, "text"), brought);
  }
  TakeReasoning(TextIn(part, "thinking"), brought);
  const json::array* thinking = ArrayIn(part, "thinking");
  if (thinking != nullptr) TakeReasoningDetails(*thinking, brought);
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
    const json::object* call = value.if_object();
    if (call == nullptr) continue;
    const auto index = CountIn(call, "index");
    TakeToolCall(index ? static_cast<size_t>(*index) : PlaceOf(TextIn(*call, "id"), position), *call, brought);
    ++position;
  }
}

// Of a call without an index, the `position`th of its delta: a new id is a new call.
size_t ChatAnswer::PlaceOf(std::string_view id, size_t position) const {
  const auto is_it = [&](const ToolCall& known) { return !id.empty() && known.id == id; };
  const auto known = std::find_if(tool_calls_.begin(), tool_calls_.end(), is_it);
  if (known != tool_calls_.end()) return static_cast<size_t>(known - tool_calls_.begin());
  const bool is_taken = position < tool_calls_.size() && !tool_calls_[position].id.empty();
  return !id.empty() && is_taken ? tool_calls_.size() : position;
}

// Null beyond the most that are kept.
ToolCall* ChatAnswer::ToolCallAt(size_t index) {
  if (index >= kMostToolCalls) return nullptr;
  if (tool_calls_.size() <= index) tool_calls_.resize(index + 1);
  return &tool_calls_[index];
}

void ChatAnswer::MergeToolCall(std::string_view id, std::string_view name, std::string_view arguments,
                               ToolCall& merged) {
  if (!id.empty() && merged.id.empty() && HasRoomFor(id)) AppendCleanText(id, merged.id);
  if (!name.empty() && merged.name.empty() && HasRoomFor(name)) AppendCleanText(name, merged.name);
  if (HasRoomFor(arguments)) AppendCleanText(arguments, merged.arguments);
}

void ChatAnswer::TakeToolCall(size_t index, const json::object& call, Brought& brought) {
  ToolCall* at_index = ToolCallAt(index);
  if (at_index == nullptr) return;
  ToolCall& merged = *at_index;
  const json::object* function = ObjectIn(call, "function");
  MergeToolCall(TextIn(call, "id"), function == nullptr ? "" : TextIn(*function, "name"),
                function == nullptr ? "" : TextIn(*function, "arguments"), merged);
  if (function != nullptr) {
    const json::object* whole = ObjectIn(*function, "arguments");
    if (whole != nullptr && merged.arguments.empty()) {
      const std::string text = json::serialize(*whole);
      if (HasRoomFor(text)) AppendCleanText(text, merged.arguments);
    }
  }
  brought.token = brought.answer = true;
}

void ChatAnswer::TakeUsage(const json::object& usage) {
  const auto either = [](std::optional<int64_t> one, std::optional<int64_t> other) {
    return one.value_or(0) == 0 && other ? other : one;
  };
  TakeCounts({.input_tokens = either(CountIn(&usage, "prompt_tokens"), CountIn(&usage, "input_tokens")),
              .output_tokens = either(CountIn(&usage, "completion_tokens"), CountIn(&usage, "output_tokens")),
              .reasoning_tokens = either(CountIn(ObjectIn(usage, "completion_tokens_details"), "reasoning_tokens"),
                                         CountIn(ObjectIn(usage, "output_tokens_details"), "reasoning_tokens")),
              .cached_tokens = either(CountIn(ObjectIn(usage, "prompt_tokens_details"), "cached_tokens"),
                                      CountIn(&usage, "prompt_cache_hit_tokens"))});
}

void ChatAnswer::TakeCounts(const Usage& counts) {
  // A zero at the end takes nothing back.
  const auto take = [](std::optional<int64_t>& into, std::optional<int64_t> count) {
    if (count && (*count != 0 || !into)) into = count;
  };
  take(usage_.input_tokens, counts.input_tokens);
  take(usage_.output_tokens, counts.output_tokens);
  take(usage_.reasoning_tokens, counts.reasoning_tokens);
  take(usage_.cached_tokens, counts.cached_tokens);
}

void ChatAnswer::FinishText() {
  std::string rest;
  AppendCleanText(std::exchange(split_text_, {}), rest);
  think_block_.Push(rest, text_, reasoning_);
  think_block_.Finish(text_, reasoning_);
  AppendCleanText(std::exchange(split_reasoning_, {}), reasoning_);
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
  const bool is_enough = end == End::kEnough && has_choice_;
  const bool says_finished = is_done_ || is_finished() || is_enough || (!is_stream_ && has_choice_);
  if (!says_finished && end == End::kTimeout) return FailureOf(TransportFault::kTimeout);
  if (!says_finished) {
    if (has_choice_) return TruncatedStream(end == End::kCut);
    return end == End::kCut ? FailureOf(TransportFault::kCut) : FailureOf(FormatFault::kEmpty);
  }
  if (!has_choice_) return FailureOf(FormatFault::kNoChoices);
  const FinishReason reason = FinishReasonOf(raw_finish_reason_);
  if (reason == FinishReason::kFailed) return FailureOfErrorEvent({.type = raw_finish_reason_});
  if (reason == FinishReason::kContentFilter) return FilteredAnswer();
  return {};
}

void ChatAnswer::Conclude(End end, ChatReply& reply) {
  FinishText();
  if (repeat_from_ < text_.size()) text_.resize(repeat_from_);
  TakeSecondOfTwo();
  if (!has_reasoning_fields_) ThinkBlock::PartUnopened(text_, reasoning_);
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
    reply.finish_reason = WordOf(FinishReasonOf(raw_finish_reason_));
  } else if (reply.ok() && end != End::kEnough) {
    reply.finish_reason = reply.tool_calls.empty() ? "stop" : "tool_calls";
  }
  const bool is_whole = reply.ok() && end != End::kEnough;
  // Of white space alone nothing is kept, so that all who count answers without text agree.
  if (is_whole && reply.text.find_first_not_of(" \t\r\n\f\v") == std::string::npos) reply.text.clear();
  reply.outcome = is_whole ? OutcomeOf(reply) : reply.ok() ? OUTCOME_OK : reply.failure.outcome;
}

}  // namespace ftl
