#pragma once

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
    noticed_ = true;
    timer_.cancel();
  }
  // True when notified, false at the deadline.
  boost::asio::awaitable<bool> Wait(Deadline deadline) {
    if (!noticed_) {
      timer_.expires_at(deadline);
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    const bool noticed = noticed_;
    noticed_ = false;
    co_return noticed;
  }

 private:
  boost::asio::steady_timer timer_;
  bool noticed_ = false;
};

}  // namespace ftl::gateway
