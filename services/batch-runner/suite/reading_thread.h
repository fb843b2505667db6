#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::batch_runner {

// A thread of its own for reading own prompts: 32 MiB of them take longer than the module's thread may be held. Texts
// are read one after the other.
class ReadingThread {
 public:
  // A text of fewer bytes is read where it is: that takes less than a millisecond or two, also where every line of it
  // is a prompt.
  static constexpr size_t kWorthIt = 12 * 1024;

  // What `read` gives. It is run to its end, and what it refers to must live until then: a caller that is cancelled
  // waits for it.
  template <typename Read>
  boost::asio::awaitable<std::invoke_result_t<Read>> Run(Read read) {
    co_return co_await boost::asio::co_spawn(pool_, RunHere(std::move(read)), boost::asio::use_awaitable);
  }

 private:
  template <typename Read>
  static boost::asio::awaitable<std::invoke_result_t<Read>> RunHere(Read read) {
    co_return read();
  }

  boost::asio::thread_pool pool_{1};
};

}  // namespace ftl::batch_runner
