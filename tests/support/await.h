#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace ftl {

// Runs `io` until `task` has ended, and gives what it gave. For tests, which are not coroutines.
template <typename T>
T Await(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
  std::exception_ptr thrown;
  std::optional<T> value;
  bool ended = false;
  auto keep = [&](std::exception_ptr error, T result) {
    thrown = error;
    if (!error) value.emplace(std::move(result));
    ended = true;
  };
  boost::asio::co_spawn(io, std::move(task), keep);
  io.restart();
  while (!ended) io.run_one();
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(value);
}

}  // namespace ftl
