#include "common/endpoint/chat_reading.h"

#include <algorithm>

#include <absl/strings/match.h>
#include <absl/time/clock.h>

#include "common/endpoint/sse_decoder.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr size_t kMostOfAnError = 64 * 1024;

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool IsStream(const ResponseHead& head, std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (StartsWith(body, kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (!body.empty() && (body[0] == '{' || body[0] == '[' || body[0] == '<')) return false;
  return absl::StartsWithIgnoreCase(ToAbsl(head.content_type), "text/event-stream") || StartsWith(body, "data:") ||
         StartsWith(body, "event:") || StartsWith(body, ":");
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
    WireResult<std::string_view> first = co_await connection_.ReadBody();
    if (!first && first.error().is(TransportFault::kCancelled)) co_return first.error();
    if (!first) {
      end = EndedBy(first.error());
    } else {
      was_stream_ = IsStream(head, *first);
      WireResult<End> read = End::kWhole;
      if (was_stream_) {
        read = co_await ReadStream(*first);
      } else {
        read = co_await ReadWhole(*first);
      }
      if (!read) co_return read.error();
      end = *read;
    }
  }
  answer_.FinishText();
  PassTextOn();
  if (on_piece_) {
    const std::string rest = pieces_.Flush();
    if (!rest.empty()) on_piece_(rest);
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
  if (!answer_.is_finished()) marks_->end = now;
  return fault.is(TransportFault::kTimeout) ? End::kTimeout : End::kCut;
}

Wire<ChatAnswer::End> ChatReading::ReadWhole(std::string_view first) {
  std::string body(first);
  while (!first.empty()) {
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
  answer_.TakeWhole(body);
  co_return End::kWhole;
}

Wire<ChatAnswer::End> ChatReading::ReadStream(std::string_view first) {
  SseDecoder decoder(limits_.line_bytes);
  TakePiece(decoder, first);
  size_t bytes = first.size();
  bool waits_for_rest = false;
  while (!answer_.has_failed() && !answer_.is_done()) {
    if (answer_.is_finished() && !waits_for_rest) {
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
    TakePiece(decoder, *piece);
    if (!piece->empty()) continue;
    marks_->end = std::max(marks_->end, connection_.last_arrival().at);
    is_usable_ = !answer_.has_failed();
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
    const ChatAnswer::Brought brought = answer_.TakeEvent(event.name, event.data);
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
  PassTextOn();
}

void ChatReading::PassTextOn() {
  const std::string& text = answer_.text();
  if (!on_piece_ || passed_on_ == text.size()) return;
  const std::string piece = pieces_.Push(std::string_view(text).substr(passed_on_));
  passed_on_ = text.size();
  if (!piece.empty()) on_piece_(piece);
}

}  // namespace ftl
