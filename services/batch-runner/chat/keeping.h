#pragma once

#include <absl/time/time.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl::batch_runner {

// How long answers that persons wait for are asked for, and how they are kept as they come, in chats and comparisons
// alike.
constexpr absl::Duration kAskLimit = absl::Minutes(15);  // of one answer
constexpr absl::Duration kStoreLimit = absl::Seconds(10);
constexpr absl::Duration kKeepEvery = absl::Seconds(1);
constexpr absl::Duration kLook = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kLongestOutage = absl::Minutes(10);
// What storing the ends of broken off answers may take when the process goes.
constexpr absl::Duration kLastWords = absl::Seconds(2);

inline asio::awaitable<void> Pause(absl::Duration pause) {
  asio::steady_timer timer(co_await asio::this_coro::executor, DeadlineIn(pause));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace ftl::batch_runner
