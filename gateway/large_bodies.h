#pragma once

#include <functional>
#include <map>
#include <string>

#include <absl/status/statusor.h>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/async/task.h"

namespace ftl::gateway {

// Bodies that are too large to be read between two other requests: how much of them there is at a time, in all and of
// one client address, and a thread of their own that reads them.
class LargeBodies {
 public:
  static constexpr size_t kLarge = 64 * 1024;
  static constexpr size_t kMostOfAddress = 128 << 20;
  static constexpr size_t kMost = 512 << 20;

  // Room for one body, until it goes.
  class Place {
   public:
    Place(LargeBodies& bodies, std::string address, size_t bytes);
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    LargeBodies* bodies_;
    std::string address_;
    size_t bytes_;
  };

  // OVERLOADED where there is no room. The gateway's thread, as for all but the work itself.
  absl::StatusOr<Place> Admit(const std::string& address, size_t bytes);

  // Works on the other thread and comes back with the result. What `work` uses stays until then. Name `work` before:
  // GCC 12 destroys a temporary in a co_await twice.
  template <typename Result>
  asio::awaitable<Result> Work(std::function<Result()> work) {
    const asio::any_io_executor home = co_await asio::this_coro::executor;
    auto start = [this, home, work = std::move(work)](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      asio::post(thread_, [shared, home, work] {
        auto result = std::make_shared<Result>(work());
        asio::post(home, [shared, result] { std::move (*shared)(std::move(*result)); });
      });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result)>(std::move(start),
                                                                                         asio::use_awaitable);
  }

 private:
  size_t bytes_ = 0;
  std::map<std::string, size_t> of_address_;
  asio::thread_pool thread_{1};
};

}  // namespace ftl::gateway
