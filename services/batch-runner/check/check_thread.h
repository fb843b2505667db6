#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::batch_runner {

namespace asio = boost::asio;

// A thread on which answers are judged where that may take long, and which gives way to others. One answer
// after the other; of those that wait, that of the run which has cost least so far is next.
class CheckThread {
 public:
  CheckThread();
  // Ends the work under way; what waits is not done any more, and whoever awaits it goes with it.
  ~CheckThread();
  CheckThread(const CheckThread&) = delete;
  CheckThread& operator=(const CheckThread&) = delete;

  // Does `work` for a run; `cost` is what the run has cost so far, in any unit, and may grow meanwhile. What both refer
  // to must live until this returns: a caller that is cancelled waits for it. Any thread.
  asio::awaitable<void> Do(const std::atomic<int64_t>& cost, std::function<void()> work) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto start = [&](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      Add(cost, [work = std::move(work), executor, shared]() mutable {
        std::exception_ptr failure;
        try {
          work();
        } catch (...) {
          failure = std::current_exception();
        }
        asio::post(executor, [shared = std::move(shared), failure] { std::move (*shared)(failure); });
      });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
  }

 private:
  struct Job {
    const std::atomic<int64_t>* cost;
    std::function<void()> work;
  };

  void Add(const std::atomic<int64_t>& cost, std::function<void()> work);
  void DoAll();

  std::mutex mutex_;
  std::condition_variable news_;
  std::list<Job> waiting_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace ftl::batch_runner
