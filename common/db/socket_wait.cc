#include "common/db/socket_wait.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/failure.h"

namespace ftl {

using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

SocketWait::SocketWait(asio::any_io_executor executor) : socket_(executor), timer_(executor) {}

std::shared_ptr<SocketWait> SocketWait::Make(asio::any_io_executor executor) {
  return std::shared_ptr<SocketWait>(new SocketWait(std::move(executor)));
}

void SocketWait::Watch(int socket) {
  Release();
  error_code error;
  socket_.assign(socket, error);
}

void SocketWait::Release() {
  ++round_;
  timer_.cancel();
  if (socket_.is_open()) socket_.release();
}

Task<> SocketWait::Readable(Deadline deadline) { return Wait(Descriptor::wait_read, deadline); }
Task<> SocketWait::Writable(Deadline deadline) { return Wait(Descriptor::wait_write, deadline); }

Task<> SocketWait::ReadableOrWritable(Deadline deadline) {
  other_ready_ = false;
  socket_.async_wait(Descriptor::wait_read, [self = shared_from_this(), round = round_ + 1](error_code error) {
    if (error || self->round_ != round) return;
    self->other_ready_ = true;
    self->socket_.cancel();
  });
  const absl::Status written = co_await Wait(Descriptor::wait_write, deadline);
  error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
  if (std::exchange(other_ready_, false)) co_return absl::OkStatus();
  co_return written;
}

Task<> SocketWait::Wait(Descriptor::wait_type type, Deadline deadline) {
  const uint64_t round = ++round_;
  expired_ = false;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this(), round](error_code error) {
    if (error || self->round_ != round) return;
    self->expired_ = true;
    error_code ignored;
    self->socket_.cancel(ignored);
  });
  const auto [error] = co_await socket_.async_wait(type, asio::as_tuple(asio::use_awaitable));
  ++round_;
  timer_.cancel();
  if (!error) co_return absl::OkStatus();
  if (expired_) co_return DatabaseTooSlow();
  if (error == asio::error::operation_aborted) co_return absl::CancelledError("broken off");
  co_return DatabaseUnavailable(error.message());
}

}  // namespace ftl
