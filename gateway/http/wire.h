#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/ip/tcp.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl::http {

// One accepted socket: bytes in and out, each wait under the deadline of the phase it belongs to. The deadline is not a
// timer of its own: the listener looks at all wires a few times a second, which costs nothing per read.
class Wire {
 public:
  explicit Wire(asio::ip::tcp::socket socket);

  asio::any_io_executor executor() { return socket_.get_executor(); }
  const asio::ip::address& peer() const { return peer_; }

  // What has been read and not consumed.
  std::string_view unread() const { return std::string_view(buffer_).substr(consumed_); }
  void Consume(size_t bytes);
  // Gives memory back while nothing is read for long.
  void DropBuffer();

  // Waits for more bytes and appends them to what is unread. Gives how many; 0 at the end of the stream.
  // REQUEST_TIMEOUT when the deadline has passed, CANCELLED when the connection is broken.
  Task<size_t> ReadMore();

  // Bounds what the system keeps for a client that reads slowly. For streams: a whole answer may use all it gets.
  void BoundSendBuffer();

  // Writes all of `first`, then all of `second`, then all of `third`.
  Task<> Write(std::string_view first, std::string_view second = {}, std::string_view third = {});

  // The waits that follow end by then.
  void SetDeadline(Deadline deadline);
  // As SetDeadline, also after an earlier deadline has passed: for the last words of a connection.
  void Renew(Deadline deadline);
  // Called by the listener: ends the wait under way when its deadline has passed.
  void ExpireIfDue(Deadline now);
  bool expired() const { return expired_; }

  // Calls back once when the client has gone, until `StopWatching`. For streams, which read nothing.
  void WatchHangup(std::function<void()> gone);
  void StopWatching();

  // Says that nothing more will be written, so that the client sees the answer before the connection goes.
  void ShutdownSend();
  void Close();

 private:
  asio::ip::tcp::socket socket_;
  asio::ip::address peer_;
  std::string buffer_;
  size_t consumed_ = 0;
  Deadline deadline_;
  bool expired_ = false;
  std::shared_ptr<const bool> watch_;  // stands as long as somebody wants to hear of a hangup
};

}  // namespace ftl::http
