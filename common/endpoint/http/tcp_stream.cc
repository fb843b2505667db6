#include "common/endpoint/http/tcp_stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl {
namespace {

using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

error_code LastError() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return asio::error::would_block;
  return error_code(errno, boost::system::system_category());
}

// How long ago the kernel received the message; zero where it does not say or its clock was set in between.
std::chrono::nanoseconds SinceReceived(msghdr& message) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec received{};
    std::memcpy(&received, CMSG_DATA(item), sizeof(received));
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (received.tv_sec == 0) return {};
    const auto since =
        std::chrono::seconds(now.tv_sec - received.tv_sec) + std::chrono::nanoseconds(now.tv_nsec - received.tv_nsec);
    return std::max(since, std::chrono::nanoseconds(0));
  }
  return {};
}

}  // namespace

asio::awaitable<error_code> TcpStream::Connect(asio::ip::tcp::endpoint address) {
  error_code error;
  socket_.open(address.protocol(), error);
  if (error) co_return error;
  const auto [failed] = co_await socket_.async_connect(address, kAwait);
  if (failed) co_return failed;
  if (!socket_.is_open()) co_return asio::error::operation_aborted;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.native_non_blocking(true, error);
  const int on = 1;
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  co_return error_code();
}

Arrival TcpStream::TryRead(std::span<char> buffer) {
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  iovec place{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec)) + 64];
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t size;
  do {
    size = recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return {.error = LastError()};
  const Mark now = std::chrono::steady_clock::now();
  const Mark at = std::clamp(now - SinceReceived(message), std::min(asked_at_, now), now);
  return {.size = static_cast<size_t>(size), .at = at, .lag = absl::FromChrono(now - at)};
}

asio::awaitable<error_code> TcpStream::WaitReadable() {
  const auto [error] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, kAwait);
  co_return error;
}

asio::awaitable<error_code> TcpStream::Write(std::string_view bytes) {
  asked_at_ = std::chrono::steady_clock::now();
  while (!bytes.empty()) {
    if (!socket_.is_open()) co_return asio::error::operation_aborted;
    const ssize_t size = send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
      continue;
    }
    if (errno == EINTR) continue;
    const error_code error = LastError();
    if (error != asio::error::would_block) co_return error;
    const auto [failed] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kAwait);
    if (failed) co_return failed;
  }
  co_return error_code();
}

bool TcpStream::IsDelivered() const {
  int unacknowledged = 0;
  return socket_.is_open() && ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
}

void TcpStream::Close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace ftl
