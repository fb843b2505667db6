#include "gateway/http/exchange.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/call_context.h"
#include "gateway/http/caller.h"
#include "gateway/http/chunked_decoder.h"

namespace ftl::http {
namespace {

// A body that nobody asked for is read over up to this size, so that the connection can go on.
constexpr size_t kSkippedBytes = 64 * 1024;

constexpr size_t kSlowestBytesPerSecond = 32 * 1024;

absl::Status TooLarge(size_t max_bytes) {
  return Refuse(Reason::kBodyTooLarge, fmt::format("Send at most {} bytes.", max_bytes))
      .With("max_body_bytes", static_cast<int64_t>(max_bytes));
}

absl::Status CutShort() { return Refuse(Reason::kBadRequest, "The connection ended within the body."); }

}  // namespace

Exchange::Exchange(Wire& wire, const Limits& limits, const RequestHead& head)
    : wire_(wire),
      limits_(limits),
      head_(head),
      request_id_(RequestIdOf(head)),
      traceparent_(TraceOf(head)),
      client_address_(ClientAddress(wire.peer(), head, limits.trusted_hops)),
      keep_alive_(head.keep_alive && head.minor_version == 1),
      body_read_(!head.chunked && head.content_length == 0) {
  if (request_id_.empty()) request_id_ = NewRequestId();
}

Task<std::string> Exchange::ReadBody(size_t max_bytes) {
  std::string body;
  if (body_read_) co_return body;
  if (head_.content_length > max_bytes) co_return TooLarge(max_bytes);
  body_begun_ = true;
  wire_.SetDeadline(DeadlineIn(limits_.body));
  if (head_.expects_continue && wire_.unread().empty()) {
    CO_TRY(co_await wire_.Write("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  if (head_.chunked) {
    CO_TRY(co_await ReadChunks(max_bytes, body));
  } else {
    CO_TRY(co_await ReadToLength(head_.content_length, body));
  }
  wire_.SetDeadline(Deadline::max());
  body_read_ = true;
  co_return body;
}

Task<> Exchange::ReadToLength(size_t bytes, std::string& body) {
  while (true) {
    const size_t taken = std::min(bytes - body.size(), wire_.unread().size());
    body.append(wire_.unread().substr(0, taken));
    wire_.Consume(taken);
    if (body.size() == bytes) co_return absl::OkStatus();
    CO_TRY(const size_t read, co_await wire_.ReadMore());
    if (read == 0) co_return CutShort();
  }
}

Task<> Exchange::ReadChunks(size_t max_bytes, std::string& body) {
  ChunkedDecoder decoder(max_bytes);
  while (true) {
    CO_TRY(const size_t taken, decoder.Feed(wire_.unread(), body));
    wire_.Consume(taken);
    if (decoder.done()) co_return absl::OkStatus();
    CO_TRY(const size_t read, co_await wire_.ReadMore());
    if (read == 0) co_return CutShort();
  }
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
