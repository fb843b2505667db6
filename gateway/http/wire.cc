#include "gateway/http/wire.h"

#include <algorithm>
#include <array>

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
constexpr size_t kReadBytes = 64 * 1024;
constexpr int kSendBufferBytes = 128 * 1024;
constexpr size_t kKeptBytes = 16 * 1024;

absl::Status Broken() { return Refuse(Reason::kCancelled, "The client has gone."); }

}  // namespace

Wire::Wire(tcp::socket socket) : socket_(std::move(socket)), deadline_(Deadline::max()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  const tcp::endpoint peer = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = peer.address();
}

void Wire::Consume(size_t bytes) {
  consumed_ += bytes;
  if (consumed_ < buffer_.size()) return;
  // A key may have been in it.
  OPENSSL_cleanse(buffer_.data(), buffer_.size());
  buffer_.clear();
  consumed_ = 0;
  if (buffer_.capacity() > kKeptBytes) DropBuffer();
}

void Wire::DropBuffer() {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  buffer_.shrink_to_fit();
}

Task<size_t> Wire::ReadMore() {
  thread_local std::array<char, kReadBytes> scratch;
  while (true) {
    const auto [wait_error] = co_await socket_.async_wait(tcp::socket::wait_read, kToTuple);
    if (expired_) co_return Refuse(Reason::kRequestTimeout, "The request did not come in time.");
    if (wait_error) co_return Broken();
    boost::system::error_code error;
    const size_t read = socket_.read_some(asio::buffer(scratch), error);
    if (error == asio::error::would_block) continue;
    if (error == asio::error::eof) co_return size_t{0};
    if (error) co_return Broken();
    if (consumed_ > 0) {
      buffer_.erase(0, consumed_);
      consumed_ = 0;
    }
    buffer_.append(scratch.data(), read);
    OPENSSL_cleanse(scratch.data(), read);
    co_return read;
  }
}

void Wire::BoundSendBuffer() {
  boost::system::error_code ignored;
  socket_.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
}

Task<> Wire::Write(std::string_view first, std::string_view second, std::string_view third) {
  while (!first.empty() || !second.empty() || !third.empty()) {
    const std::array buffers = {asio::buffer(first), asio::buffer(second), asio::buffer(third)};
    boost::system::error_code error;
    size_t written = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      const auto [wait_error] = co_await socket_.async_wait(tcp::socket::wait_write, kToTuple);
      if (wait_error || expired_) co_return Broken();
      continue;
    }
    if (error) co_return Broken();
    for (std::string_view* part : {&first, &second, &third}) {
      const size_t of_part = std::min(written, part->size());
      part->remove_prefix(of_part);
      written -= of_part;
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
