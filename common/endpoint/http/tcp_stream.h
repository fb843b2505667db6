#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/endpoint/http/byte_stream.h"

namespace ftl {

// A TCP connection. The kernel stamps what arrives, so that a busy thread that reads late does not make the endpoint
// look slow.
class TcpStream : public ByteStream {
 public:
  explicit TcpStream(asio::any_io_executor executor) : socket_(std::move(executor)) {}

  // To exactly this address.
  asio::awaitable<boost::system::error_code> Connect(asio::ip::tcp::endpoint address);

  Arrival TryRead(std::span<char> buffer) override;
  asio::awaitable<boost::system::error_code> WaitReadable() override;
  asio::awaitable<boost::system::error_code> Write(std::string_view bytes) override;
  bool IsDelivered() const override;
  void Close() override;

 private:
  // Mutable because Asio gives no socket handle of a const socket.
  mutable asio::ip::tcp::socket socket_;
  Mark asked_at_;  // when the last write began: no answer to it came before
};

}  // namespace ftl
