#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "common/async/task.h"
#include "common/observe/trace/span.h"
#include "gateway/http/body_stream.h"
#include "gateway/http/limits.h"
#include "gateway/http/request_head.h"
#include "gateway/http/response.h"
#include "gateway/http/wire.h"

namespace ftl::http {

class RequestParser;

// What is left of an answer when its handler has returned: pieces that come for as long as a run lasts. It holds
// nothing of the request, so that many can wait at little cost.
struct LastingBody {
  BodyStream body;
  std::function<Task<>(BodyStream&)> write;  // to the end
};

// One request and its answer. Lives on the connection's coroutine; the answer is either one Send, or Begin, any number
// of Writes and End.
class Exchange {
 public:
  // All references outlive the exchange. `parser` has taken the head.
  Exchange(Wire& wire, const Limits& limits, RequestParser& parser);

  const RequestHead& head() const { return head_; }
  const std::string& request_id() const { return request_id_; }
  // Names the span of this request to those who are called on its behalf; empty where there is none.
  const std::string& traceparent() const { return traceparent_; }
  trace::Span& span() { return span_; }
  const std::string& client_address() const { return client_address_; }

  // The whole body. BODY_TOO_LARGE, before reading where the length says so; REQUEST_TIMEOUT; BAD_REQUEST for broken
  // framing. A client that waits for `100 Continue` gets it here.
  Task<std::string> ReadBody(size_t max_bytes) { return ReadBody(max_bytes, max_bytes, nullptr); }
  // As above. Once `front_bytes` of it have come, `judge` sees these, and then each piece as it comes; where it
  // refuses, nothing more is read. A shorter body is not judged.
  using Judge = std::function<Task<>(std::string_view piece)>;
  Task<std::string> ReadBody(size_t max_bytes, size_t front_bytes, Judge judge);

  Task<> Send(Response response);

  // A stream: its head, its pieces, its end. Fails when the client has gone or takes too long to read.
  Task<> Begin(Response head);
  Task<> Write(std::string_view piece) { return body_->Write(piece); }
  Task<> End() { return body_->End(); }
  // After Begin.
  BodyStream& body() { return *body_; }
  // After Begin: `write` sends the rest, once the handler has returned.
  void ContinueWith(std::function<Task<>(BodyStream&)> write) {
    lasting_.emplace(LastingBody{*body_, std::move(write)});
  }
  std::optional<LastingBody> TakeLasting() { return std::exchange(lasting_, std::nullopt); }

  // Called when a stream begins.
  void OnStream(std::function<void()> begun) { on_stream_ = std::move(begun); }

  bool answered() const { return status_ != 0; }
  int status() const { return status_; }
  // Whether the answer comes in pieces.
  bool streams() const { return body_.has_value(); }
  // Whether another request may follow on this connection: all of this one was read and all of the answer written.
  bool may_continue() const { return may_follow() && (complete_ || (body_ && body_->ended())); }
  // The same but for the answer, which is still being written.
  bool may_follow() const { return keep_alive_ && body_read_; }
  bool body_read() const { return body_read_; }
  // The connection ends with this exchange.
  void CloseAfterwards() { keep_alive_ = false; }

 private:
  HeadFacts Facts(Framing framing) const;

  Wire& wire_;
  const Limits& limits_;
  RequestParser& parser_;
  const RequestHead& head_;
  std::string request_id_;
  trace::Span span_;
  std::string traceparent_;
  std::string client_address_;
  int status_ = 0;
  bool keep_alive_;
  bool body_read_;
  bool body_begun_ = false;
  bool complete_ = false;
  std::optional<BodyStream> body_;
  std::optional<LastingBody> lasting_;
  std::function<void()> on_stream_;
};

}  // namespace ftl::http
