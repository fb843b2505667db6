#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"
#include "gateway/http/write_turns.h"

namespace ftl::http {

// One accepted socket: bytes in and out, each wait under the deadline of the phase it belongs to. The deadline is not a
// timer of its own: the listener looks at all wires a few times a second, which costs nothing per read.
class Wire {
 public:
  static constexpr size_t kFewBytes = 1024;  // what a connection holds that waits for a head
  static constexpr size_t kManyBytes = 64 * 1024;

  // `turns` outlives it.
  Wire(asio::ip::tcp::socket socket, WriteTurns& turns);

  asio::any_io_executor executor() { return socket_.get_executor(); }
  const asio::ip::address& peer() const { return peer_; }

  // What has been read and not consumed.
  std::string_view unread() const { return {static_cast<const char*>(buffer_.cdata().data()), buffer_.size()}; }
  void Consume(size_t bytes);
  // Gives memory back while nothing is read for long.
  void DropBuffer() { buffer_.shrink_to_fit(); }

  // Waits for more bytes and appends at most `most` to what is unread. Gives how many; 0 at the end of the stream.
  // REQUEST_TIMEOUT when the deadline has passed, CANCELLED when the connection is broken.
  Task<size_t> ReadMore(size_t most);

  // Bounds what the system keeps for a client that reads slowly. For streams: a whole answer may use all it gets.
  void BoundSendBuffer();

  // Writes all of them, one after the other.
  using Buffers = std::array<asio::const_buffer, 5>;
  Task<> Write(Buffers buffers) { return WriteAll(buffers, nullptr); }
  Task<> Write(std::string_view first, std::string_view second = {}) {
    return Write(Buffers{asio::buffer(first), asio::buffer(second)});
  }
  // The same for streams, of which many may have much to write: in turns with all others of this loop.
  Task<> WriteInTurns(Buffers buffers) { return WriteAll(buffers, &turns_); }

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
  Task<> WriteAll(Buffers buffers, WriteTurns* turns);

  asio::ip::tcp::socket socket_;
  WriteTurns& turns_;
  asio::ip::address peer_;
  boost::beast::flat_buffer buffer_;
  Deadline deadline_;
  bool expired_ = false;
  std::shared_ptr<const bool> watch_;  // stands as long as somebody wants to hear of a hangup
};

}  // namespace ftl::http
