#include "gateway/http/wire.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"

namespace ftl::http {
namespace {

using asio::ip::tcp;

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kSendBufferBytes = 128 * 1024;
constexpr size_t kKeptBytes = 16 * 1024;

absl::Status Broken() { return Refuse(Reason::kCancelled, "The client has gone."); }

}  // namespace

Wire::Wire(tcp::socket socket, WriteTurns& turns)
    : socket_(std::move(socket)), turns_(turns), deadline_(Deadline::max()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  const tcp::endpoint peer = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = peer.address();
}

void Wire::Consume(size_t bytes) {
  // A key may have been in it.
  OPENSSL_cleanse(buffer_.data().data(), bytes);
  buffer_.consume(bytes);
  if (buffer_.size() == 0 && buffer_.capacity() > kKeptBytes) DropBuffer();
}

Task<size_t> Wire::ReadMore(size_t most) {
  const auto [error, read] = co_await socket_.async_read_some(buffer_.prepare(most), kToTuple);
  if (expired_) co_return Refuse(Reason::kRequestTimeout, "The request did not come in time.");
  if (error == asio::error::eof) co_return size_t{0};
  if (error) co_return Broken();
  buffer_.commit(read);
  co_return read;
}

void Wire::BoundSendBuffer() {
  boost::system::error_code ignored;
  socket_.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
}

Task<> Wire::WriteAll(Buffers buffers, WriteTurns* turns) {
  while (const size_t left = asio::buffer_size(buffers)) {
    if (turns != nullptr && !turns->Take(left)) co_await turns->Wait(left);
    boost::system::error_code error;
    size_t written = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      const auto [wait_error] = co_await socket_.async_wait(tcp::socket::wait_write, kToTuple);
      if (wait_error || expired_) co_return Broken();
      continue;
    }
    if (error) co_return Broken();
    for (asio::const_buffer& buffer : buffers) {
      const size_t of_buffer = std::min(written, buffer.size());
      buffer += of_buffer;
      written -= of_buffer;
    }
  }
  co_return absl::OkStatus();
}

void Wire::SetDeadline(Deadline deadline) { deadline_ = deadline; }

void Wire::Renew(Deadline deadline) {
  expired_ = false;
  deadline_ = deadline;
}

void Wire::ExpireIfDue(Deadline now) {
  if (now < deadline_ || expired_) return;
  expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Wire::WatchHangup(std::function<void()> gone) {
  watch_ = std::make_shared<const bool>(true);
  // What has completed already cannot be cancelled: it may come to its turn when the connection is gone.
  auto hear = [this, watch = std::weak_ptr(watch_), gone = std::move(gone)](boost::system::error_code error) {
    if (error == asio::error::operation_aborted || watch.expired()) return;
    char byte;
    const auto peeked = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // More bytes are the next request, which waits its turn.
    if (peeked <= 0) gone();
  };
  socket_.async_wait(tcp::socket::wait_read, std::move(hear));
}

void Wire::StopWatching() {
  watch_.reset();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Wire::ShutdownSend() {
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Wire::Close() {
  watch_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace ftl::http
