#include "common/endpoint/answer/chat_reading.h"

#include <algorithm>

#include <absl/strings/match.h>
#include <absl/time/clock.h>

#include "common/endpoint/answer/sse_decoder.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr size_t kMostOfAnError = 64 * 1024;

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// `body` from its first letter on.
std::string_view FromFirstLetter(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (StartsWith(body, kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  return body;
}

bool SaysStream(const ResponseHead& head) {
  return absl::StartsWithIgnoreCase(ToAbsl(head.content_type), "text/event-stream");
}

bool IsWholeFrom(std::string_view letters) {
  return !letters.empty() && (letters[0] == '{' || letters[0] == '[' || letters[0] == '<');
}

// Whether `start` shows already what the answer is.
bool IsTelling(const ResponseHead& head, std::string_view start) {
  constexpr size_t kLongestField = 6;
  const std::string_view letters = FromFirstLetter(start);
  if (letters.empty()) return false;
  return SaysStream(head) || IsWholeFrom(letters) || letters[0] == ':' || letters.size() >= kLongestField;
}

bool IsStream(const ResponseHead& head, std::string_view start) {
  const std::string_view letters = FromFirstLetter(start);
  if (IsWholeFrom(letters)) return false;
  const auto begins = [&](std::string_view field) { return StartsWith(letters, field); };
  return SaysStream(head) || begins("data:") || begins("event:") || begins("id:") || begins("retry:") || begins(":");
}

bool IsCompressed(const ResponseHead& head) {
  return !head.content_encoding.empty() && !absl::EqualsIgnoreCase(ToAbsl(head.content_encoding), "identity");
}

}  // namespace

Wire<> ChatReading::Read(const ResponseHead& head, ChatReply& reply, CallMarks& marks) {
  marks_ = &marks;
  marks.end = *marks.head;
  reply.http_status = head.status;
  WireResult<> read;
  if (head.status >= 300) {
    read = co_await ReadError(head, reply);
  } else {
    read = co_await ReadAnswer(head, reply);
  }
  reply.client_lag = connection_.worst_lag();
  co_return read;
}

Wire<> ChatReading::ReadError(const ResponseHead& head, ChatReply& reply) {
  connection_.EndBy(std::min(deadline_, DeadlineIn(limits_.error_words)));
  std::string body;
  while (body.size() < kMostOfAnError) {
    WireResult<std::string_view> piece = co_await connection_.ReadBody();
    if (!piece && piece.error().is(TransportFault::kCancelled)) co_return piece.error();
    if (!piece) break;
    is_usable_ = piece->empty();
    if (is_usable_) break;
    body += piece->substr(0, kMostOfAnError - body.size());
  }
  marks_->end = std::max(marks_->end, connection_.last_arrival().at);
  if (!IsCompressed(head)) words_ = WordsOf(body);
  ScrubWords(scrub_, words_);
  reply.failure = FailureOfAnswer(head.status, words_, head.retry, absl::Now());
  reply.outcome = reply.failure.outcome;
  co_return WireResult<>();
}

Wire<> ChatReading::ReadAnswer(const ResponseHead& head, ChatReply& reply) {
  End end = End::kWhole;
  if (IsCompressed(head)) {
    answer_.Fail(FailureOf(FormatFault::kCompressed));
  } else {
    WireResult<std::string> start = co_await ReadStart(head);
    if (!start && start.error().is(TransportFault::kCancelled)) co_return start.error();
    if (!start) {
      end = EndedBy(start.error());
    } else {
      was_stream_ = IsStream(head, *start);
      WireResult<End> read = End::kWhole;
      if (was_stream_) {
        read = co_await ReadStream(*std::move(start));
      } else {
        read = co_await ReadWhole(*std::move(start));
      }
      if (!read) co_return read.error();
      end = *read;
    }
  }
  answer_.FinishText();
  PassOn();
  if (on_piece_) {
    const std::string thought = reasoning_.pieces.Flush();
    if (!thought.empty()) on_piece_(PieceKind::kReasoning, thought);
    const std::string rest = content_.pieces.Flush();
    if (!rest.empty()) on_piece_(PieceKind::kContent, rest);
  }
  answer_.Conclude(end, reply);
  co_return WireResult<>();
}

// What a fault means for an answer under way. Never asked about kCancelled.
ChatReading::End ChatReading::EndedBy(const WireFault& fault) {
  const Mark now = std::chrono::steady_clock::now();
  if (std::holds_alternative<FormatFault>(fault.fault)) {
    answer_.Fail(FailureOf(fault));
    return End::kWhole;
  }
  was_broken_off_ = enough_after_token_ && marks_->first_token && fault.is(TransportFault::kTimeout);
  if (was_broken_off_) return End::kEnough;
  if (!answer_.is_finished()) marks_->end = now;
  return fault.is(TransportFault::kTimeout) ? End::kTimeout : End::kCut;
}

// As much of the body as tells what it is; all of it where that is less.
Wire<std::string> ChatReading::ReadStart(const ResponseHead& head) {
  std::string start;
  while (!IsTelling(head, start) && start.size() < limits_.line_bytes) {
    WireResult<std::string_view> piece = co_await connection_.ReadBody();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    start += *piece;
  }
  co_return start;
}

Wire<ChatAnswer::End> ChatReading::ReadWhole(std::string body) {
  while (true) {
    WireResult<std::string_view> piece = co_await connection_.ReadBody();
    if (!piece && piece.error().is(TransportFault::kCancelled)) co_return piece.error();
    if (!piece) co_return EndedBy(piece.error());
    if (piece->empty()) break;
    if (body.size() + piece->size() > limits_.body_bytes) {
      answer_.Fail(FailureOf(FormatFault::kBodyTooLong));
      co_return End::kWhole;
    }
    body += *piece;
  }
  is_usable_ = true;
  marks_->end = std::max(marks_->end, connection_.last_arrival().at);
  reader_->TakeWhole(body);
  co_return End::kWhole;
}

Wire<ChatAnswer::End> ChatReading::ReadStream(std::string start) {
  SseDecoder decoder(limits_.line_bytes);
  if (!start.empty()) TakePiece(decoder, start);
  size_t bytes = start.size();
  bool waits_for_rest = false;
  bool heard_token = false;
  while (!answer_.has_failed() && !answer_.is_done()) {
    if (enough_after_token_ && marks_->first_token && !heard_token) {
      heard_token = true;
      connection_.EndBy(std::min(deadline_, DeadlineIn(*enough_after_token_)));
    }
    if (answer_.is_finished() && !waits_for_rest && !heard_token) {
      waits_for_rest = true;
      connection_.EndBy(std::min(deadline_, DeadlineIn(limits_.after_finish)));
    }
    WireResult<std::string_view> piece = co_await connection_.ReadBody();
    if (!piece && piece.error().is(TransportFault::kCancelled)) co_return piece.error();
    if (!piece) co_return EndedBy(piece.error());
    bytes += piece->size();
    if (bytes > limits_.stream_bytes) {
      answer_.Fail(FailureOf(FormatFault::kBodyTooLong));
      break;
    }
    const int pieces_before = marks_->pieces;
    TakePiece(decoder, *piece);
    // Some servers say in every chunk that it is the last.
    if (waits_for_rest && !heard_token && marks_->pieces > pieces_before) connection_.EndBy(deadline_);
    if (!piece->empty()) continue;
    marks_->end = std::max(marks_->end, connection_.last_arrival().at);
    is_usable_ = !answer_.has_failed();
    answer_.TakeStrayWords(decoder.stray_words());
    co_return End::kWhole;
  }
  // Some servers tell the usage behind the end; no waiting for it.
  while (answer_.is_done() && !is_usable_) {
    const WireResult<std::string_view> piece = connection_.BufferedBody();
    if (!piece) break;
    is_usable_ = piece->empty();
    TakePiece(decoder, *piece);
  }
  co_return End::kWhole;
}

// An empty piece is the end.
void ChatReading::TakePiece(SseDecoder& decoder, std::string_view piece) {
  const Mark at = connection_.last_arrival().at;
  const bool was_over = answer_.is_done();
  const auto take = [&](const SseEvent& event) {
    const ChatAnswer::Brought brought = reader_->TakeEvent(event.name, event.data, /*may_be_cut=*/piece.empty());
    if (!brought.token) return;
    if (!marks_->first_token) marks_->first_token = at;
    if (!marks_->first_answer && brought.answer) marks_->first_answer = at;
    marks_->last_token = at;
    ++marks_->pieces;
  };
  if (piece.empty()) {
    decoder.Finish(take);
  } else if (!decoder.Decode(piece, take)) {
    answer_.Fail(FailureOf(FormatFault::kLineTooLong));
  }
  if (!was_over) marks_->end = std::max(marks_->end, at);
  PassOn();
}

void ChatReading::PassOn() {
  if (!on_piece_) return;
  PassOn(PieceKind::kReasoning, answer_.reasoning(), reasoning_);
  PassOn(PieceKind::kContent, answer_.text(), content_);
}

void ChatReading::PassOn(PieceKind kind, const std::string& text, PassedOn& passed) {
  if (passed.bytes == text.size()) return;
  if (passed.bytes > text.size()) passed.bytes = 0;
  const std::string piece = passed.pieces.Push(std::string_view(text).substr(passed.bytes));
  passed.bytes = text.size();
  if (!piece.empty()) on_piece_(kind, piece);
}

}  // namespace ftl
