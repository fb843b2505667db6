#include "common/endpoint/answer/chat_answer.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "common/endpoint/answer/clean_text.h"
#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/finish_reason.h"

namespace ftl {
namespace {

using namespace endpoint_pb;

constexpr size_t kMostToolCalls = 128;
constexpr size_t kLongestFinishReason = 64;

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

ChatAnswer::ChatAnswer(size_t text_bytes, const KeyScrub& scrub) : scrub_(scrub), room_(text_bytes) {}

void ChatAnswer::FailQuoting(FormatFault fault, std::string_view data) {
  CallFailure failure = FailureOf(fault);
  const std::string said = Quoted(scrub_.CleanError(std::string(CutText(data, 1024))));
  if (!said.empty()) failure.sentence += said + ".";
  Fail(std::move(failure));
}

void ChatAnswer::TakeStrayWords(std::string_view words) {
  if (!words.empty() && !is_done_ && !is_finished() && !has_failed()) FailWith(WordsOf(words));
}

void ChatAnswer::Forget() {
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
