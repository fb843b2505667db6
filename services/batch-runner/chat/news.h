#pragma once

#include <set>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::batch_runner {

namespace asio = boost::asio;

// Wakes whoever waits for something to have come: any number of listeners, for whom nothing is queued. On one thread.
class News {
 public:
  void Tell() {
    for (Listener* listener : listeners_) {
      listener->has_news_ = true;
      listener->wake_.cancel();
    }
  }
  size_t listeners() const { return listeners_.size(); }

  // One who listens. The news outlive him.
  class Listener {
   public:
    Listener(asio::any_io_executor executor, News& news)
        : news_(news), wake_(executor, asio::steady_timer::time_point::max()) {
      news_.listeners_.insert(this);
    }
    ~Listener() { news_.listeners_.erase(this); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Until something has come since the last call, or until `until`.
    asio::awaitable<void> Wait(asio::steady_timer::time_point until = asio::steady_timer::time_point::max()) {
      if (!has_news_) {
        wake_.expires_at(until);
        co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
      }
      has_news_ = false;
    }

   private:
    friend class News;
    News& news_;
    asio::steady_timer wake_;
    bool has_news_ = false;
  };

 private:
  std::set<Listener*> listeners_;
};

}  // namespace ftl::batch_runner
