#pragma once

#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/time/deadline.h"

namespace ftl::gateway {

// Wakes one waiting coroutine of the same thread. A notice given while nobody waits is kept for the next wait.
class Signal {
 public:
  explicit Signal(boost::asio::any_io_executor executor) : timer_(executor) {}

  void Notify() {
    if (timer_.cancel() == 0) noticed_ = true;
  }
  // Until notified, or the deadline. No coroutine of its own, since ten thousand may wait at a time.
  boost::asio::awaitable<std::tuple<boost::system::error_code>> Wait(Deadline deadline) {
    timer_.expires_at(std::exchange(noticed_, false) ? Deadline() : deadline);
    return timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  boost::asio::steady_timer timer_;
  bool noticed_ = false;
};

}  // namespace ftl::gateway
