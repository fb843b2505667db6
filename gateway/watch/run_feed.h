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

  // Results up to `base` are not asked for again. `told` is the gist of the run as its first watcher has been told it,
  // 0 for none: a first `progress` that says the same is not told once more.
  RunFeed(asio::any_io_executor executor, Stub& stub, std::string test_run_id, int64_t base, size_t told,
          std::function<void(const RunFeed*)> ended);

  // A hash of what a `progress` says, but for the time that is left: no two moments say the same of that.
  static size_t GistOf(finetunelab::batch_runner::v1::Run run);

  // The first to join starts the stream.
  void Join(Signal* watcher);
  // The last to leave ends it. When it has ended, `ended` is called.
  void Leave(Signal* watcher);

  // Wakes all who watch, a few at a time, so that ten thousand of them do not hold up everybody else. Whoever is woken
  // late finds more, so a crowd is told less often, but of everything.
  void Wake();

  EventRing& ring() { return ring_; }
  const std::string& test_run_id() const { return test_run_id_; }
  // The latest `progress` as an event; empty where none has come yet.
  const std::string& progress() const { return progress_; }
  // Whether somebody new can still join.
  bool usable() const { return !over_ && !abandoned_; }

 private:
  void Start();
  asio::awaitable<void> Follow();
  // Whether the stream broke and may be taken up again.
  asio::awaitable<bool> FollowOnce();
  void Take(const finetunelab::batch_runner::v1::RunEvent& event);
  void Append(EventRing::Event event);
  void WakeSome();

  const asio::any_io_executor executor_;
  Stub& stub_;
  const std::string test_run_id_;
  EventRing ring_;
  size_t told_;
  std::function<void(const RunFeed*)> ended_;
  std::string progress_;
  std::set<Signal*> watchers_;
  Signal* woken_ = nullptr;  // the last one of this round
  bool waking_ = false;
  bool wake_again_ = false;  // something came during the round
  asio::cancellation_signal cancel_;
  bool started_ = false;
  bool over_ = false;       // the last event has come
  bool abandoned_ = false;  // nobody watches any more
};

}  // namespace ftl::gateway
