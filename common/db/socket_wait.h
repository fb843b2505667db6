#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl {

// Waits for a socket that belongs to somebody else (libpq). Never closes it: Release comes before whoever owns it does.
class SocketWait : public std::enable_shared_from_this<SocketWait> {
 public:
  static std::shared_ptr<SocketWait> Make(asio::any_io_executor executor);

  void Watch(int socket);
  void Release();

  // Ok when the socket is ready. kDeadlineExceeded when the time is over, CANCELLED when the wait was broken off.
  Task<> Readable(Deadline deadline);
  Task<> Writable(Deadline deadline);
  // Ready for either.
  Task<> ReadableOrWritable(Deadline deadline);

 private:
  explicit SocketWait(asio::any_io_executor executor);
  Task<> Wait(asio::posix::stream_descriptor::wait_type type, Deadline deadline);

  asio::posix::stream_descriptor socket_;
  asio::steady_timer timer_;
  uint64_t round_ = 0;  // tells a late timer that its wait has ended
  bool expired_ = false;
  bool other_ready_ = false;
};

}  // namespace ftl
