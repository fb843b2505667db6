#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/endpoint/http/byte_stream.h"
#include "common/endpoint/http/caller_limits.h"
#include "common/endpoint/http/close_timer.h"
#include "common/endpoint/http/response_parser.h"
#include "common/endpoint/http/wire_fault.h"

namespace ftl {

// HTTP/1.1 with one endpoint, one request at a time: Send, ReadHead, ReadBody until its end. Anything wrong is a fault,
// after which the connection is of no further use.
class HttpConnection {
 public:
  // `limits` must outlive the connection.
  HttpConnection(asio::any_io_executor executor, std::unique_ptr<ByteStream> stream, const CallerLimits& limits);

  // Everything ends by then.
  void EndBy(Deadline deadline) { timer_.Set(deadline); }
  void Rest() { timer_.Clear(); }
  void Close() { stream_->Close(); }

  Wire<> Send(std::string_view request);
  Wire<ResponseHead> ReadHead();
  // The next piece of the body, which stays until the next call; empty at the body's end.
  Wire<std::string_view> ReadBody();
  // As ReadBody, from what was received already; empty where that is used up, too.
  WireResult<std::string_view> BufferedBody();

  // Whether another request can be sent, found out without waiting. kBusy: the end of the last body has not come yet.
  enum class Readiness { kReady, kBusy, kDead };
  Readiness Check();

  // Since the last Send.
  const Arrival& last_arrival() const { return last_; }
  absl::Duration worst_lag() const { return worst_lag_; }
  Mark first_arrival() const { return first_arrival_; }
  // Nothing has come back, and what was sent did not reach the other machine: it had closed the connection before.
  bool was_stale() const { return !has_received_ && !stream_->IsDelivered(); }

 private:
  Wire<> ReadMore();
  Wire<ResponseHead> ReadOneHead(size_t& bytes_left);
  Arrival TryRead();
  WireFault FaultOf(boost::system::error_code error) const;
  std::string_view received() const { return {buffer_.get() + begin_, end_ - begin_}; }

  const CallerLimits& limits_;
  std::unique_ptr<ByteStream> stream_;
  CloseTimer timer_;
  const size_t buffer_bytes_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::optional<ResponseParser> response_;
  Arrival last_;
  Mark first_arrival_;
  absl::Duration worst_lag_;
  int reads_in_a_row_ = 0;
  bool may_be_more_ = false;  // the last read filled the buffer
  bool has_received_ = false;
  bool has_ended_ = false;  // the other side said that nothing follows
  bool is_last_ = false;    // the connection ends with this response
};

}  // namespace ftl
