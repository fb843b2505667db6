#pragma once

#include <cstddef>
#include <deque>

#include <absl/functional/any_invocable.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "common/async/task.h"

namespace ftl::http {

// Shares a loop between those who write much and everybody else: what is written in one turn of the loop is bounded,
// and whoever has more stands in line for the next turn. Where little is written nobody waits. All on the loop's one
// thread; outlives whoever waits.
class WriteTurns {
 public:
  static constexpr size_t kBytesOfTurn = 512 * 1024;
  static constexpr size_t kBytesOfWrite = 8 * 1024;  // what a write costs however short it is

  explicit WriteTurns(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Takes room for a write of `bytes` in this turn; false where there is none, or others wait for it.
  bool Take(size_t bytes);
  // The same, and waits for it.
  asio::awaitable<void> Wait(size_t bytes);

 private:
  struct Waiting {
    size_t bytes;
    absl::AnyInvocable<void()> go_on;
  };

  void Spend(size_t bytes);
  void Begin();

  const asio::any_io_executor executor_;
  size_t spent_ = 0;     // in this turn
  bool begins_ = false;  // the next turn is on its way
  std::deque<Waiting> line_;
};

}  // namespace ftl::http
