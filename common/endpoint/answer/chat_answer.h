#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint/answer/chat_reply.h"
#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/scrub.h"
#include "common/endpoint/answer/think_block.h"

namespace ftl {

// What an endpoint answers, gathered from what a dialect's reader finds in a whole answer or in the events of a stream.
// Pure: no socket, no clock.
class ChatAnswer {
 public:
  // `text_bytes` bounds text, reasoning and tool calls together. What is said of errors, and what Conclude gives, is
  // free of the key of `scrub`, which must outlive the answer.
  ChatAnswer(size_t text_bytes, const KeyScrub& scrub);

  // What a chunk brought.
  struct Brought {
    bool token = false;   // content, reasoning or a tool call, not empty
    bool answer = false;  // some of it no reasoning

    Brought& operator|=(const Brought& other) {
      token |= other.token;
      answer |= other.answer;
      return *this;
    }
  };
  // What a reader (format/answer_reader.h) found, part by part, as it was sent: it is cleaned, bounded and joined here.
  Brought TakeText(std::string_view text);
  Brought TakeThought(std::string_view text);
  // `index` counts the answer's tool calls from 0. Of id and name the first that is not empty counts; arguments are
  // joined.
  Brought TakeToolCallPart(size_t index, const ToolCall& part);
  // What is given counts; what is absent takes nothing back.
  void TakeCounts(const Usage& counts);
  void TakeFinishReason(std::string_view raw);
  void TakeError(ErrorWords words) { FailWith(std::move(words)); }
  void TakeNoJson(std::string_view data) { FailQuoting(FormatFault::kNotJson, data); }
  void TakeNoAnswer(std::string_view body) { FailQuoting(FormatFault::kNoChoices, body); }
  // Whether all that follows belongs to a stream, which needs an end, as it is taken for at first.
  void TakeAsWhole() { is_stream_ = false; }
  void TakeAsStream() { is_stream_ = true; }
  void TakeEnd() { is_done_ = true; }
  // An answer has begun, though nothing of its text may have come.
  void Begin() { has_choice_ = true; }
  // What was taken was another answer's: all but what it cost.
  void Forget();
  // Anything of an answer was taken.
  bool has_begun() const { return has_choice_; }

  // `[DONE]` was read: nothing follows.
  bool is_done() const { return is_done_; }
  // The answer says that it is finished; usage may follow.
  bool is_finished() const { return !raw_finish_reason_.empty(); }
  // Going on is pointless: an error, or too long.
  bool has_failed() const { return failure_.has_value(); }
  bool has_own_reasoning_fields() const { return has_reasoning_fields_; }
  // Text and reasoning so far: clean, but not yet scrubbed.
  const std::string& text() const { return text_; }
  const std::string& reasoning() const { return reasoning_; }
  const std::vector<ToolCall>& tool_calls() const { return tool_calls_; }

  // Nothing follows: what was held back joins the text.
  void FinishText();
  // Words outside of any event: the failure, where the answer did not end.
  void TakeStrayWords(std::string_view words);
  // What came is no answer; the first failure counts.
  void Fail(CallFailure failure);

  // How the bytes ended; kEnough: no more was wanted.
  enum class End { kWhole, kCut, kTimeout, kEnough };
  // Moves everything into `reply`, with outcome and failure. Nothing may be taken afterwards.
  void Conclude(End end, ChatReply& reply);

 private:
  void TakeContent(std::string_view text, Brought& brought);
  std::string_view WithoutRepetition(std::string_view text);
  void TakeSecondOfTwo();
  void FailQuoting(FormatFault fault, std::string_view data);
  void TakeReasoning(std::string_view text, Brought& brought);
  ToolCall* ToolCallAt(size_t index);
  void MergeToolCall(std::string_view id, std::string_view name, std::string_view arguments, ToolCall& merged);
  bool HasRoomFor(std::string_view text);
  void FailWith(ErrorWords words);
  CallFailure FailureAtEnd(End end) const;

  const KeyScrub& scrub_;
  size_t room_;
  ThinkBlock think_block_;
  std::string text_;
  std::string split_text_;  // what may be the first part of a character
  std::string split_reasoning_;
  std::string last_delta_;  // while each began with all of the one before
  int growing_deltas_ = 0;  // how many did; -1 once one did not
  int deltas_ = 0;
  size_t repeat_from_ = std::string::npos;  // where the last delta repeats all text before it
  std::string reasoning_;
  std::vector<ToolCall> tool_calls_;
  std::string raw_finish_reason_;
  Usage usage_;
  std::optional<CallFailure> failure_;
  bool is_stream_ = true;
  bool is_done_ = false;
  bool has_choice_ = false;
  bool has_reasoning_fields_ = false;
};

}  // namespace ftl
