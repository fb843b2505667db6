#pragma once

#include <memory>
#include <set>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.grpc.pb.h"
#include "gateway/watch/event_ring.h"
#include "gateway/watch/signal.h"

namespace ftl::gateway {

// The one upstream stream of a run, for all who watch it in this gateway. Taken up again where it breaks, from the last
// result it gave; ends with `done`, or with `error` where the run cannot be watched any more.
class RunFeed : public std::enable_shared_from_this<RunFeed> {
 public:
  using Stub = finetunelab::batch_runner::v1::BatchRunnerService::Stub;

  // Results up to `base` are not asked for again.
  RunFeed(asio::any_io_executor executor, Stub& stub, std::string test_run_id, int64_t base);

  // Follows the run until it ends or nobody watches. Somebody must have joined before.
  void Start(std::function<void()> ended);

  void Join(Signal* watcher) { watchers_.insert(watcher); }
  // The last to leave ends the stream.
  void Leave(Signal* watcher);

  const EventRing& ring() const { return ring_; }
  // Whether somebody new can still join.
  bool usable() const { return !over_ && !abandoned_; }

 private:
  asio::awaitable<void> Follow();
  // Whether the stream broke and may be taken up again.
  asio::awaitable<bool> FollowOnce();
  void Take(const finetunelab::batch_runner::v1::WatchRunResponse& event);
  void Append(EventRing::Event event);

  const asio::any_io_executor executor_;
  Stub& stub_;
  const std::string test_run_id_;
  EventRing ring_;
  std::set<Signal*> watchers_;
  asio::cancellation_signal cancel_;
  bool over_ = false;       // the last event has come
  bool abandoned_ = false;  // nobody watches any more
};

}  // namespace ftl::gateway
