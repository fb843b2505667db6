#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "services/batch-runner/run/feed.h"
#include "services/batch-runner/store/run_store.h"

namespace ftl::batch_runner {

// Catches what no event told watchers of (other processes' results, lost notifications, a session's end): once a second
// one query for all watched runs of this process, and none where nobody watches. Whose watcher knows otherwise is
// sent to look. On the module's thread.
class Lookout {
 public:
  Lookout(asio::any_io_executor executor, RunStore& runs, Feed& feed);

  void Start();
  void Stop();

 private:
  asio::awaitable<void> Watch();
  asio::awaitable<void> LookOnce();

  asio::any_io_executor executor_;
  RunStore& runs_;
  Feed& feed_;
  asio::steady_timer rest_;
  bool stopped_ = false;
};

}  // namespace ftl::batch_runner
