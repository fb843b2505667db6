#include "gateway/http/exchange.h"

#include <algorithm>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/call_context.h"
#include "gateway/http/caller.h"
#include "gateway/http/request_parser.h"

namespace ftl::http {
namespace {

// A body that nobody asked for is read over up to this size, so that the connection can go on.
constexpr size_t kSkippedBytes = 64 * 1024;

constexpr size_t kSlowestBytesPerSecond = 32 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

trace::Span SpanOf(const RequestHead& head) {
  const auto given = head.Find("traceparent");
  return trace::Span::Begin(trace::SpanKind::kServer, "HTTP", trace::ParseTraceparent(given.value_or("")));
}

absl::Status CutShort() { return Refuse(Reason::kBadRequest, "The connection ended within the body."); }

}  // namespace

Exchange::Exchange(Wire& wire, const Limits& limits, RequestParser& parser)
    : wire_(wire),
      limits_(limits),
      parser_(parser),
      head_(parser.head()),
      request_id_(RequestIdOf(head_)),
      span_(SpanOf(head_)),
      traceparent_(span_.traceparent()),
      client_address_(ClientAddress(wire.peer(), head_, limits.trusted_hops)),
      keep_alive_(head_.keep_alive && head_.minor_version == 1),
      body_read_(parser.is_at_end()) {
  if (request_id_.empty()) request_id_ = NewRequestId();
}

Task<std::string> Exchange::ReadBody(size_t max_bytes, size_t front_bytes, Judge judge) {
  std::string body;
  if (body_read_) co_return body;
  CO_TRY(parser_.LimitBody(max_bytes));
  body_begun_ = true;
  wire_.SetDeadline(DeadlineIn(limits_.body));
  if (head_.expects_continue && wire_.unread().empty()) {
    CO_TRY(co_await wire_.Write(kContinue));
  }
  const size_t most =
      head_.chunked ? Wire::kManyBytes : std::clamp<size_t>(head_.content_length, Wire::kFewBytes, Wire::kManyBytes);
  size_t judged = 0;
  while (true) {
    std::string_view unread = wire_.unread();
    std::string_view piece;
    do {
      CO_TRY(piece, parser_.NextPiece(unread));
      body.append(piece);
    } while (!piece.empty());
    wire_.Consume(wire_.unread().size() - unread.size());
    if (judge != nullptr && body.size() >= front_bytes) {
      CO_TRY(co_await judge(std::string_view(body).substr(judged)));
      judged = body.size();
    }
    if (parser_.is_at_end()) break;
    CO_TRY(const size_t read, co_await wire_.ReadMore(most));
    if (read == 0) co_return CutShort();
  }
  wire_.SetDeadline(Deadline::max());
  body_read_ = true;
  co_return body;
}

HeadFacts Exchange::Facts(Framing framing) const {
  return {request_id_, traceparent_, framing, keep_alive_ && body_read_, limits_.https};
}

Task<> Exchange::Send(Response response) {
  status_ = response.status;
  if (!body_begun_ && !body_read_ && keep_alive_ && !head_.chunked && !head_.expects_continue &&
      head_.content_length <= kSkippedBytes) {
    (void)co_await ReadBody(kSkippedBytes);
  }
  std::string head;
  head.reserve(1536);
  AppendHead(response, Facts(Framing::kLength), head);
  const std::string_view content = head_.method == "HEAD" ? std::string_view() : response.content();
  wire_.Renew(DeadlineIn(limits_.write + absl::Seconds(content.size() / kSlowestBytesPerSecond)));
  CO_TRY(co_await wire_.Write(head, content));
  wire_.SetDeadline(Deadline::max());
  complete_ = true;
  co_return absl::OkStatus();
}

Task<> Exchange::Begin(Response response) {
  status_ = response.status;
  const Framing framing = head_.minor_version == 0 ? Framing::kUntilClose : Framing::kChunked;
  std::string head;
  AppendHead(response, Facts(framing), head);
  wire_.DropBuffer();
  wire_.BoundSendBuffer();
  if (on_stream_) on_stream_();
  wire_.SetDeadline(DeadlineIn(limits_.write));
  CO_TRY(co_await wire_.Write(head));
  wire_.SetDeadline(Deadline::max());
  body_.emplace(wire_, limits_, framing, head_.method == "HEAD");
  co_return absl::OkStatus();
}

}  // namespace ftl::http
