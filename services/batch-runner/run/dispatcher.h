#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/db/notifier.h"
#include "common/endpoint/chat_call.h"
#include "services/batch-runner/call/call_budget.h"
#include "services/batch-runner/call/key_loans.h"
#include "services/batch-runner/check/check_thread.h"
#include "services/batch-runner/run/doors.h"
#include "services/batch-runner/run/feed.h"
#include "services/batch-runner/store/door_store.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

class RunWorker;

// What is known of a run that this process stores.
struct BegunRun {
  pb::RunParameters parameters;
  std::string traceparent;  // of who started it; empty for none
};

// The first prompts of a run, leased as it was stored; the lease lasts until then.
struct FirstLease {
  WorkStore::Step step;
  Deadline until;
};

// The channels of NOTIFY by which the processes of this service hear that there is a run to work on, and that something
// happened in one.
inline constexpr std::string_view kWorkChannel = "ftl_work";
inline constexpr std::string_view kRunChannel = "ftl_run";

// Keeps the runs going: finds those with work, puts a worker on each, renews this process's leases. Any number of
// processes may do so at once; what one has leased, no other calls, until the lease ends. On the module's thread.
class Dispatcher {
 public:
  struct Parts {
    asio::any_io_executor executor;
    std::string process;  // UUID of this process
    RunStore& runs;
    WorkStore& work;
    DoorStore& door_store;
    Doors& doors;
    KeyLoans& keys;
    Caller& caller;
    CheckThread& checks;
    AddressPolicy policy;
    Feed& feed;
    Notifier& notifier;
    size_t calls_at_a_time;
  };
  explicit Dispatcher(Parts parts);
  ~Dispatcher();

  // Starts looking for work; until Drain.
  void Start();
  // This process is about to store a run: its key is borrowed meanwhile. Begin or LetGo follows.
  void Expect(const RunKey& run, BegunRun begun);
  // It is stored, and where it has a lease, under that: starts with it at once.
  void Begin(const RunKey& run, std::optional<FirstLease> lease);
  // It is not stored; or it may be, and others are to find it at once.
  void LetGo(const RunKey& run, bool may_be_stored);
  // There may be new work.
  void Wake();
  // There may be more to do in the run: its worker asks, or a look for work finds it.
  void WakeFor(const std::string& test_run_id);
  // Something happened in the run, told to the processes that hear of it in no other way.
  void TellOthers(const std::string& test_run_id);
  // What a channel brought: the run, or nothing where this process told it.
  std::optional<std::string> HeardOf(std::string_view payload) const;
  // There is more to do in the run, or a seat in it is free: told to the other processes.
  void CallForHelp(const std::string& test_run_id);
  // Whether the module's thread has more to do than it can carry, as of the last quarter of a second.
  bool IsBusy();
  // After the database was away everybody's lease may have ended, and who is alive is given time to renew it first.
  void DatabaseWasAway();
  bool MayTakeOver() const { return TimeLeft(take_over_from_) <= absl::ZeroDuration(); }
  // The run has ended by another's hand: its calls are broken off.
  void Drop(const std::string& test_run_id);
  const Parts& parts() const { return parts_; }
  // Takes one of the calls that this process may have under way; where there is none, the run stands in line for one.
  bool TakeCall(const std::string& test_run_id);
  // A call has ended, or a run wants none any more: the next in line may call.
  void EndCall();
  void LeaveLine(const std::string& test_run_id);
  // A call waits because the process is out of file descriptors, look-ups or the like: the operator is told.
  void LacksRoom();
  // For the jitter of waits.
  std::mt19937_64& random() { return random_; }
  // Whose endpoint has asked to wait.
  const Doors& doors() const { return parts_.doors; }
  // An endpoint has asked all who call it with this key to wait, or has answered; told to all processes.
  void CloseDoor(const std::string& pace_key, absl::Duration wait);
  void DoorAnswered(const std::string& pace_key);
  // A run of the session has ended, and its person wanted the key to go with it. From its end on the vault lends it no
  // more; this has it destroyed now, and where that fails the vault's sweep does it.
  Task<> ForgetKey(const RunKey& run);
  // The session is closed: its key is dropped and its calls are broken off.
  void DropSession(const std::string& session);
  // Takes no new prompts; ends when those under way are stored, or are given back at the deadline.
  Task<> Drain(Deadline deadline);

 private:
  void Tell(std::string_view channel, const std::string& test_run_id);
  asio::awaitable<void> FindWork();
  asio::awaitable<void> LearnDoors();
  asio::awaitable<void> StoreDoor(std::string pace_key);
  void MayCall(const std::optional<std::string>& test_run_id);
  // A worker for a run that others have stored.
  void Employ(const RunKey& run);
  void PutToWork(const RunKey& run, std::shared_ptr<RunWorker> worker);
  asio::awaitable<void> HandOver(RunKey run);
  void TellOldestLease() const;
  asio::awaitable<void> KeepLeases();

  Parts parts_;
  std::mt19937_64 random_;
  CallBudget budget_;
  std::map<RunKey, std::shared_ptr<RunWorker>> workers_;
  std::map<RunKey, std::shared_ptr<RunWorker>> expected_;
  asio::steady_timer wake_;
  asio::steady_timer renewal_;
  Deadline take_over_from_;
  Deadline silent_until_;  // about a lack of room
  absl::Time weighed_at_ = absl::InfinitePast();
  absl::Duration thread_time_;  // then
  bool busy_ = false;
  bool draining_ = false;
  bool look_again_ = false;
};

}  // namespace ftl::batch_runner
