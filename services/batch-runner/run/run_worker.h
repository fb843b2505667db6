#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "common/observe/instrument.h"
#include "services/batch-runner/run/borrowing.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/pacer.h"
#include "services/batch-runner/run/pause.h"
#include "services/batch-runner/run/run_calls.h"
#include "services/batch-runner/run/run_ending.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/run/run_news.h"
#include "services/batch-runner/run/seat.h"
#include "services/batch-runner/run/slots.h"

namespace ftl::batch_runner {

// What this process does for one run: claims prompts, calls them, stores what came of them, and notes in the same step
// which it calls next. The next calls begin while the step is on its way, and no further ones before it is stored.
// Ends when there is nothing left to lease, the run has ended, or others carry it. While the database is away it keeps
// what is finished and tries again.
class RunWorker : public std::enable_shared_from_this<RunWorker> {
 public:
  RunWorker(Dispatcher& dispatcher, RunKey run, std::optional<BegunRun> begun);

  // Once; the key of a run that is begun here is borrowed before it is stored.
  void StartBorrowing();
  // What was leased as the run was stored. Before Work.
  void Take(FirstLease lease) { first_ = std::move(lease); }
  // In place of Work: there is none.
  void LetGo();

  asio::awaitable<void> Work();
  // There may be more to lease.
  void Wake();
  // Whether it was woken too late to look.
  bool MissedAWake() const { return leaving_ && woken_; }
  // The process has a call for it.
  void MayCall() { wake_.cancel(); }
  // Breaks all calls off and ends; nothing more is stored.
  void Drop();
  // Leases no more.
  void Drain();
  // The fencing token of its lease; 0 while it has none.
  int64_t fence() const { return seat_.fence(); }
  // The lease lasts until `until`.
  void Renewed(Deadline until);
  // How long ago it was renewed; zero while there is none.
  absl::Duration LeaseAge() const;
  // The lease is gone: another process has taken its prompts over, and its calls are broken off.
  void Lost();

 private:
  // False where there is no such run any more.
  asio::awaitable<bool> LearnParameters();
  // Whose trace the run's calls belong to.
  asio::awaitable<void> LearnTrace();
  // Null until a key is borrowed.
  const CallTarget* target() const { return key_.target().get(); }

  bool GivesUp() const { return out_of_credit_ || failures_left_ <= 0; }
  // Whether it takes on calls.
  bool TakesOn() const { return !draining_ && !dropped_ && !GivesUp() && !IsPaused(); }
  // Whether the endpoint has asked all who call it with this key to wait.
  bool IsPaused() const;
  bool MayClaim() const;
  bool WantsSlots() const;
  // Whether it has fewer prompts to call than it may call.
  bool IsShort() const;
  // Whether it should claim more while there is time.
  bool IsLow() const;
  // Whether it must tell that it takes on no more.
  bool MustStandUp() const { return draining_ && !stood_up_ && seat_.fence() != 0 && slots_.is_calling(); }
  bool HasWork() const;
  Deadline NextLook() const;

  // Whether calls may begin, as far as run, key and lease go.
  bool MayCallNow() const;
  // Whether the model takes fewer tokens than the run asks for, and that is not written down yet.
  bool HasLowered() const;
  asio::awaitable<void> TellLowered();
  // Takes one of the process's calls, or stands in line for one.
  bool TakeCall();
  void LeaveLine();
  void StartReady();
  // Begins with calls whose intent is on its way.
  void StartAhead(const std::vector<int32_t>& intents);
  void Launch(LeasedPrompt prompt);
  void EndCall(LeasedPrompt prompt, absl::StatusOr<Attempted> attempted);
  void TakeFinished(FinishedPrompt finished);
  asio::awaitable<void> EndCalls();

  void BeginWith(FirstLease lease);
  // Stores what is finished, commits to the next calls and claims more; false when the run needs this worker no longer.
  asio::awaitable<bool> Step();
  WorkStore::Request TakeRequest();
  // As Step, where it failed.
  asio::awaitable<bool> StepFailed(WorkStore::Request request, absl::Status fault);
  // A step failed in a way that trying again does not mend: finds the result that is at fault, stores that it was, or
  // gives the run up. As Step.
  asio::awaitable<bool> Isolate(absl::Status fault);
  // `asked`: how many calls the step was to commit to.
  void TakeCalls(const WorkStore::Step& step, size_t asked);
  void TakeLeased(WorkStore::Step& step, bool leaves, bool was_low);
  void LoseWork();
  void CountStored(const WorkStore::Request& request, const WorkStore::Step& step) const;
  finetunelab::endpoint::v1::Provider provider() const;

  // While the endpoint's door is closed: gives back what it holds, writes down until when the run waits, and sleeps.
  // False when the run has ended, or waited for too long.
  asio::awaitable<bool> WaitAtDoor();
  asio::awaitable<bool> TellPause(Deadline opens);
  asio::awaitable<void> Sleep(absl::Duration limit);
  // Sleeps for `rest_`, whatever calls end meanwhile, unless the worker is dropped.
  asio::awaitable<void> Rest();
  // Gives everything back, so that others need not wait for the lease's end.
  asio::awaitable<void> Leave();

  Dispatcher& dispatcher_;
  const Dispatcher::Parts& parts_;
  const RunKey run_;
  RunNews news_;
  RunEnding ending_;
  Borrowing key_;
  RunCalls calls_;
  std::optional<pb::RunParameters> parameters_;
  std::optional<FirstLease> first_;
  Pacer pacer_{1};
  Slots slots_;
  Seat seat_;
  Pause pause_{Deadline()};
  asio::steady_timer wake_;
  absl::Duration rest_;           // the last one in a row
  size_t batch_bytes_ = 1 << 20;  // results up to this go into one step, and one at the least
  bool in_line_ = false;          // for one of the process's calls
  bool ended_ = false;            // the run
  bool stood_up_ = false;
  bool called_for_help_ = false;
  bool leaving_ = false;
  bool woken_ = false;
  Deadline quiet_from_;  // unless another call ends
  bool draining_ = false;
  bool dropped_ = false;
  bool out_of_credit_ = false;
  const metrics::Counted counted_{run_metrics::RunsInWork()};
  std::optional<metrics::Counted> slowed_;
  int failures_left_ = std::numeric_limits<int>::max();  // until the run gives up, of those that have ended here
};

}  // namespace ftl::batch_runner
