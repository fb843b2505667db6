#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

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
  int32_t takeovers;  // workers that died on it
  pb::Prompt prompt;
  pb::Difficulty difficulty;
};

// A result and the fence under which its prompt was held.
struct FinishedPrompt {
  int64_t fence;
  pb::Result result;  // sequence and created_at are given when it is stored
};

// The work of runs: leased prompt by prompt with a fencing token, done once. A lease lasts 15 s and is renewed every 5
// s. Results are refused by a higher fence only, never by time, so that an outage of the database loses none.
class WorkStore {
 public:
  static constexpr absl::Duration kLeaseTime = absl::Seconds(15);
  static constexpr absl::Duration kRenewal = absl::Seconds(5);

  // `owner` is a UUID of this process.
  WorkStore(Database& database, std::string owner) : database_(database), owner_(std::move(owner)) {}

  // Runs that have prompts which nobody holds; up to 1,000.
  Task<std::vector<RunKey>> RunsWithWork(Deadline deadline);

  // One step of a run, in one transaction: stores what is finished, with the run's counters; ends the run where that
  // was its last prompt; then leases up to `wanted` prompts, so that no more than `concurrency` are held in all by any
  // process. A lease is the committed intent to call.
  struct Step {
    std::vector<pb::Result> stored;  // those that counted, with sequence and time
    std::vector<LeasedPrompt> leased;
    pb::Run run;        // as it stands after the step
    bool gone = false;  // the session is closed; nothing was stored
  };
  Task<Step> Advance(Deadline deadline, RunKey run, std::vector<FinishedPrompt> finished, int wanted, int concurrency);

  // Renews every lease of this process. Gives the prompts that it still holds, by run.
  struct Held {
    RunKey run;
    std::vector<int32_t> prompt_ids;
  };
  Task<std::vector<Held>> Renew(Deadline deadline);
  // Gives back what was leased and not finished, so that others need not wait for the lease's end.
  Task<> Release(Deadline deadline);

 private:
  Database& database_;
  std::string owner_;
};

}  // namespace ftl::batch_runner
