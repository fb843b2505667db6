#pragma once

#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/observe/instrument.h"
#include "services/batch-runner/run/attempt.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/doors.h"
#include "services/batch-runner/run/pacer.h"
#include "services/batch-runner/run/run_metrics.h"

namespace ftl::batch_runner {

// What this process does for one run: claims prompts, calls them, stores what came of them, and notes in the same
// transaction which it calls next. A prompt holds its slot until its result is stored, so that a process that dies
// leaves no more to call again than it had slots. Ends when there is nothing left to lease, the run has ended, or
// others carry it. While the database is away it keeps what is finished and tries again.
class RunWorker : public std::enable_shared_from_this<RunWorker> {
 public:
  // `parameters` are the run's, where they are known.
  RunWorker(Dispatcher& dispatcher, RunKey run, std::optional<pb::RunParameters> parameters);

  asio::awaitable<void> Work();
  // There may be more to lease.
  void Wake();
  // Whether it was woken too late to look.
  bool MissedAWake() const { return leaving_ && woken_; }
  // Breaks all calls off and ends; nothing more is stored.
  void Drop();
  // Leases no more.
  void Drain();
  // The fencing token of its lease; 0 while it has none.
  int64_t fence() const { return fence_; }
  // The lease lasts until `until`.
  void Renewed(Deadline until);
  // The lease is gone: another process has taken its prompts over, and its calls are broken off.
  void Lost();

 private:
  struct Call {
    int32_t prompt_id;
    LeasedPrompt prompt;
    asio::cancellation_signal cancel;
    metrics::Counted counted{run_metrics::CallsInProgress()};
  };
  // False where there is no such run any more.
  asio::awaitable<bool> LearnParameters();
  // Once.
  void StartBorrowing();
  // Sets the target, or says in `obstacle_` why there is none.
  asio::awaitable<void> BorrowKey();
  asio::awaitable<void> EndCalls();
  bool GivesUp() const { return out_of_credit_ || failures_left_ <= 0; }
  // Whether calls may begin that are not committed yet.
  bool TakesOn() const { return !draining_ && !dropped_ && !GivesUp() && !IsPaused(); }
  // Whether the endpoint has asked all who call it with this key to wait.
  bool IsPaused() const;
  // Prompts without result that are called, or committed to be.
  size_t Held() const { return ready_.size() + calls_.size() + finished_.size(); }
  // Calls that may be added.
  size_t Room() const;
  bool MayClaim() const;
  // Whether it may ask for slots that others hold or have left.
  bool WantsSlots() const;
  // Whether it has fewer prompts to call than it may call.
  bool IsShort() const;
  // Whether it should claim more while there is time.
  bool IsLow() const;
  // Whether it must tell that it takes on no more.
  bool MustStandUp() const { return draining_ && !stood_up_ && fence_ != 0 && !calls_.empty(); }
  bool HasWork() const;
  void StartReady();
  void Launch(LeasedPrompt prompt);
  // Whether the model takes fewer tokens than the run asks for, and that is not written down yet.
  bool HasLowered() const;
  asio::awaitable<void> TellLowered();
  // Waits until the run's requests a minute allow one more than those that leases drew.
  Task<> TakeTurn();
  void Finish(LeasedPrompt prompt, absl::StatusOr<std::optional<FinishedPrompt>> finished);
  void TakeFinished(FinishedPrompt finished);
  // While the endpoint's door is closed: gives back what it holds, writes down until when the run waits, and sleeps.
  // False when the run has ended, or waited for too long.
  asio::awaitable<bool> Pause();
  asio::awaitable<void> Sleep(absl::Duration limit);
  // Sleeps for `rest_`, whatever calls end meanwhile, unless the worker is dropped.
  asio::awaitable<void> Rest();
  // Stores what is finished, commits to the next calls and claims more; false when the run needs this worker no longer.
  asio::awaitable<bool> Step();
  WorkStore::Request TakeRequest();
  // `asked`: how many calls the step was to commit to.
  void TakeCalls(const WorkStore::Step& step, size_t asked);
  void TakeLeased(WorkStore::Step& step, bool leaves, bool was_low);
  void TakeSlots(const WorkStore::Step& step);
  // Gives everything back, so that others need not wait for the lease's end.
  asio::awaitable<void> Leave();
  // Ends the run that must not go on, once all that was called is stored.
  asio::awaitable<void> GiveUp();
  // A step failed in a way that trying again does not mend: finds the result that is at fault, stores that it was, or
  // gives the run up. As Step.
  asio::awaitable<bool> Isolate(absl::Status fault);
  asio::awaitable<void> Fail(std::string error, finetunelab::endpoint::v1::ErrorType type);
  // Where the person asked for it, the key goes when the run has ended.
  asio::awaitable<void> ForgetKey();
  // The same where somebody else may have ended it.
  asio::awaitable<void> ForgetKeyOfEndedRun();
  void Publish(WorkStore::Step& step);
  void CountStored(const WorkStore::Request& request, const WorkStore::Step& step) const;
  finetunelab::endpoint::v1::Provider provider() const;

  Dispatcher& dispatcher_;
  const Dispatcher::Parts& parts_;
  const RunKey run_;
  std::optional<pb::RunParameters> parameters_;
  std::shared_ptr<RunTarget> target_;  // null until a key is borrowed
  absl::Status obstacle_;              // why none can be
  bool asked_for_key_ = false;
  bool borrowing_ = false;
  asio::cancellation_signal stop_borrowing_;
  Pacer pacer_{1};
  // Prompts that were told to wait: called after those that were not, so that none of them holds up the rest.
  std::set<int32_t> refused_;
  Deadline began_;                           // the run, as far as is known
  Deadline paused_until_;                    // as the run says
  std::map<int32_t, LeasedPrompt> claimed_;  // no call of them is committed, by prompt_id
  std::map<int32_t, LeasedPrompt> ready_;    // committed to be called, by prompt_id
  std::list<Call> calls_;
  std::vector<FinishedPrompt> finished_;
  asio::steady_timer wake_;
  absl::Duration rest_;           // the last one in a row
  size_t batch_bytes_ = 1 << 20;  // results up to this go into one transaction, and one at the least
  int64_t fence_ = 0;
  Deadline lease_until_;  // no call begins after it
  bool more_ = true;      // there may be prompts to lease
  bool look_ = true;      // others may have left or died
  Deadline ask_again_;    // no prompts are asked for before
  bool crowded_ = false;  // others hold slots of its share
  Deadline ask_slots_;    // no slots are asked for before
  absl::Duration slots_wait_;
  bool may_hold_ = false;  // the store may know a lease of it
  bool has_leased_ = false;
  bool unseated_ = false;  // others carry the run
  bool ended_ = false;     // the run
  bool stood_up_ = false;
  bool called_for_help_ = false;
  bool leaving_ = false;
  bool woken_ = false;
  Deadline quiet_from_;  // unless another call ends
  Deadline next_progress_;
  bool draining_ = false;
  bool dropped_ = false;
  bool out_of_credit_ = false;
  const metrics::Counted counted_{run_metrics::RunsInWork()};
  int failures_left_ = std::numeric_limits<int>::max();  // until the run gives up, of those that have ended here
};

}  // namespace ftl::batch_runner
