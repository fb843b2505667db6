#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"
#include "services/batch-runner/store/pace_statements.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Which run, of which session (hash).
struct RunKey {
  std::string session;
  std::string test_run_id;
  friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

// A prompt that this process holds, until its lease ends or its result is stored.
struct LeasedPrompt {
  int32_t prompt_id;
  int64_t fence;
  int32_t takeovers;  // processes that died while they called it
  bool may_call;      // at once; where not, when a step has named it among its `calls`
  bool came_back;     // somebody had it before
  pb::Prompt prompt;
  pb::Difficulty difficulty;
  std::chrono::steady_clock::time_point claimed_at = std::chrono::steady_clock::now();
};

// A result and the fence under which its prompt was held.
struct FinishedPrompt {
  int64_t fence;
  pb::Result result;  // sequence and created_at are given when it is stored
  std::chrono::steady_clock::time_point called_at = std::chrono::steady_clock::now();  // when its last call had ended
};

// The work of runs, done once, prompt by prompt. A process leases prompts of a run, for 15 s, renewed every 5 s, under
// a fencing token. Once another has taken them over, results under the old token are refused; time alone refuses
// nothing, so that an outage of the database loses none. It claims twice as many ahead as it may call at a time (as
// many where others work on the run too), so that the next calls wait for no look-up, and gives back what its slots do
// not need; for no more prompts without result than it has slots a process stores that it calls them, at the latest in
// the step that stores what their slots were used for before. Who dies leaves no more than those to call again, and the
// results of one step. A second process takes a seat in a run only
// where one that has is busy, and more prompts are unclaimed than those with seats may call at a time.
class WorkStore {
 public:
  static constexpr absl::Duration kLeaseTime = absl::Seconds(15);
  static constexpr absl::Duration kRenewal = absl::Seconds(5);

  // `steps` is the lane of the steps, in which many runs share a commit; what keeps and ends leases, or looks for work,
  // waits behind none of them. `owner` is a UUID of this process.
  WorkStore(SharedCommits& steps, Database& database, std::string owner)
      : steps_(steps), database_(database), owner_(std::move(owner)) {}

  const std::string& owner() const { return owner_; }

  // Runs in which this process may take a seat, or whose holders have died.
  Task<std::vector<RunKey>> RunsWithWork(Deadline deadline);

  // What a process tells of its calls, and asks for.
  struct Request {
    std::vector<FinishedPrompt> finished;
    int64_t fence = 0;           // of its last step that leased; 0 before
    std::vector<int32_t> calls;  // claimed prompts that it calls next
    std::vector<int32_t> held;   // prompts that it has leased under the fence, without those finished
    bool take_over = false;      // looks for processes that died
    bool wants_more = false;
    bool leaves = false;  // with wants_more: takes on no more calls; gives back all but what is `held`
    bool busy = false;    // it has more to do than it can carry
    bool wants_run = false;
    int concurrency = 1;  // of the run
    int per_minute = 0;   // calls of the run; 0 for no limit, else none are claimed ahead
    PaceNews pace;
  };
  // One step of a run, all of it or nothing: stores what is finished, with the run's counters; ends the run where that
  // was its last prompt; notes which are called next; then leases more. The processes that work on a run share its
  // concurrency, or what the endpoint has shown to bear: each has slots.
  struct Step {
    std::vector<pb::Result> stored;  // those that counted, with sequence and time
    std::vector<int32_t> calls;      // those asked for
    bool lost = false;               // the lease was another's: nothing was stored, and nothing may be called
    bool left = false;               // the run's last prompt was stored, and the lease went with it
    std::vector<LeasedPrompt> leased;
    pb::RunStatus status = pb::RUN_STATUS_UNSPECIFIED;  // after the step
    int32_t failed_prompts = 0;
    std::optional<pb::Run> run;  // after the step, where it was wanted
    bool gone = false;           // the session is closed; nothing was stored
    bool renewed = false;        // the lease lasts kLeaseTime from here
    // Where more was wanted:
    int64_t fence = 0;        // another than before: what it held until then is another's; 0: no seat for this process
    int slots = 0;            // prompts without result that the process may have called
    bool crowded = false;     // fewer than its share, because others have not given theirs back yet
    bool slowed = false;      // fewer than were asked for, because the endpoint asked to slow down
    bool more = false;        // the run has further prompts
    bool incomplete = false;  // prompts of the run are missing: it can never be completed
    std::vector<int32_t> given_back;  // claimed prompts that are free again
    absl::Duration pause;             // until calls a minute allow the next
  };
  // `request` must outlive the call; its results go into the step where that succeeds, and are left as they were where
  // it fails.
  Task<Step> Advance(Deadline deadline, RunKey run, Request& request);

  // Counts one request more than those leased prompts begin with, and gives how long it has to wait for its turn.
  Task<absl::Duration> DrawCall(Deadline deadline, RunKey run, int per_minute);

  // Renews the leases of this process but those that a step renewed in the last two seconds. Gives all that it has;
  // runs that are missing are another's or gone.
  struct Lease {
    int64_t fence;
    Deadline until;  // at the least
  };
  using Leases = std::map<RunKey, Lease>;
  Task<Leases> Renew(Deadline deadline);
  // Gives back what was leased and not finished, so that others need not wait for the lease's end.
  Task<> Leave(Deadline deadline, RunKey run);
  Task<> LeaveAll(Deadline deadline);

 private:
  SharedCommits& steps_;
  Database& database_;
  const std::string owner_;
};

}  // namespace ftl::batch_runner
