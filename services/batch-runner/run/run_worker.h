#pragma once

#include <limits>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/batch-runner/run/attempt.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/pacer.h"

namespace ftl::batch_runner {

// What this process does for one run: leases prompts, calls them, stores what came of them, and leases the next in the
// same transaction. Ends when there is nothing left to lease or the run has ended. While the database is away it keeps
// what is finished and tries again.
class RunWorker : public std::enable_shared_from_this<RunWorker> {
 public:
  RunWorker(Dispatcher& dispatcher, RunKey run);

  asio::awaitable<void> Work();
  // There may be more to lease.
  void Wake();
  // Breaks all calls off and ends; nothing more is stored.
  void Drop();
  // Leases no more.
  void Drain();
  // Breaks off calls for prompts that another process has taken over, or that are gone.
  void KeepOnly(const std::set<int32_t>& prompt_ids);

 private:
  struct Call {
    int32_t prompt_id;
    asio::cancellation_signal cancel;
    bool renewable = false;  // was held at the last look at the leases
  };

  Task<> Prepare();
  void Launch(LeasedPrompt prompt);
  asio::awaitable<void> Sleep(absl::Duration limit);
  // Stores what is finished and leases what may start; false when the run needs this worker no longer.
  asio::awaitable<bool> Step(int wanted);
  // A step failed in a way that trying again does not mend: finds the result that is at fault, stores that it was, or
  // gives the run up. As Step.
  asio::awaitable<bool> Isolate(absl::Status fault);
  asio::awaitable<void> Fail(std::string error, finetunelab::endpoint::v1::ErrorType type);
  // Where the person asked for it, the key goes when the run has ended.
  asio::awaitable<void> ForgetKey();
  void Publish(const WorkStore::Step& step);

  Dispatcher& dispatcher_;
  const Dispatcher::Parts& parts_;
  const RunKey run_;
  std::shared_ptr<RunTarget> target_;
  std::unique_ptr<Pacer> pacer_;
  std::list<Call> calls_;
  std::vector<FinishedPrompt> finished_;
  asio::steady_timer wake_;
  size_t batch_ = 64;  // results that go into one transaction at the most
  bool more_ = true;   // there may be prompts to lease
  bool draining_ = false;
  bool dropped_ = false;
  bool out_of_credit_ = false;
  int failures_left_ = std::numeric_limits<int>::max();  // until the run gives up, of those that have ended here
};

}  // namespace ftl::batch_runner
