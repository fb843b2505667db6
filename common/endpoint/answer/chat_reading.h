#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "common/endpoint/answer/chat_answer.h"
#include "common/endpoint/answer/chat_reply.h"
#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/scrub.h"
#include "common/endpoint/answer/timing.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/http/caller_limits.h"
#include "common/endpoint/http/http_connection.h"
#include "common/time/deadline.h"

namespace ftl {

// Reads the answer to one chat request, whichever way the endpoint gives it: a stream, a whole answer, an error. Told
// by what came and not by what was asked for.
class ChatReading {
 public:
  // Reads as `dialect` says. All must outlive the reading. `on_piece` may be empty. A stream is broken off
  // `enough_after_token` after its first token, where that is set, and counts as answered then.
  ChatReading(HttpConnection& connection, const CallerLimits& limits, const Dialect& dialect, const KeyScrub& scrub,
              const OnPiece& on_piece, Deadline deadline,
              std::optional<absl::Duration> enough_after_token = std::nullopt)
      : connection_(connection),
        limits_(limits),
        scrub_(scrub),
        on_piece_(on_piece),
        deadline_(deadline),
        enough_after_token_(enough_after_token),
        answer_(limits.text_bytes, scrub),
        reader_(dialect.ReaderInto(answer_)),
        content_(scrub),
        reasoning_(scrub) {}

  // Fills text, outcome and failure of `reply`, and the marks from the head on. Its only fault is kCancelled.
  Wire<> Read(const ResponseHead& head, ChatReply& reply, CallMarks& marks);

  AnswerTraits TraitsOf(const ChatReply& reply) const {
    return {.was_stream = was_stream_,
            .was_broken_off = was_broken_off_,
            .gave_usage = reply.usage.output_tokens.has_value(),
            .has_own_reasoning_fields = answer_.has_own_reasoning_fields()};
  }
  // What an error answer said.
  const ErrorWords& words() const { return words_; }
  // The body was read to its end, or as good as: the connection may serve again.
  bool leaves_connection_usable() const { return is_usable_; }

 private:
  using End = ChatAnswer::End;
  // What has been handed on of one of the answer's texts.
  struct PassedOn {
    explicit PassedOn(const KeyScrub& scrub) : pieces(scrub) {}
    PieceScrub pieces;
    size_t bytes = 0;
  };

  Wire<> ReadError(const ResponseHead& head, ChatReply& reply);
  Wire<> ReadAnswer(const ResponseHead& head, ChatReply& reply);
  Wire<std::string> ReadStart(const ResponseHead& head);
  Wire<End> ReadWhole(std::string body);
  Wire<End> ReadStream(std::string start);
  void TakePiece(class SseDecoder& decoder, std::string_view piece);
  void PassOn();
  void PassOn(PieceKind kind, const std::string& text, PassedOn& passed);
  End EndedBy(const WireFault& fault);

  HttpConnection& connection_;
  const CallerLimits& limits_;
  const KeyScrub& scrub_;
  const OnPiece& on_piece_;
  const Deadline deadline_;
  const std::optional<absl::Duration> enough_after_token_;
  ChatAnswer answer_;
  const std::unique_ptr<AnswerReader> reader_;
  PassedOn content_;
  PassedOn reasoning_;
  CallMarks* marks_ = nullptr;
  ErrorWords words_;
  bool was_stream_ = false;
  bool was_broken_off_ = false;
  bool is_usable_ = false;
};

}  // namespace ftl
