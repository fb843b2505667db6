#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/db/query.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// The statements that a step of a run is made of, each in a file of its own, in their order in its pipeline. `owner` is
// the process that takes the step.

// Gives the session's state, and the run's status and failed prompts; no row where there is no such run. Whatever
// follows sees what other processes did to the run before.
Statement LockRun(const RunKey& run);

// Who has not renewed its lease in time is taken for dead. Under the run's lock.
Statement TakeOver(const RunKey& run, const std::string& owner);

// What a database that lost its newest commits may have left: where nobody holds anything of a run, all prompts below
// its cursor have a result or are free, and its counters are those of its results. Under the run's lock.
Statement MendRun(const RunKey& run);

// Every result whose prompt is held under its fence, called or claimed, is stored; then those of `calls` that are
// claimed under `fence` are among the called. The lease goes with the run's last prompt. Under the run's lock. Gives
// one row.
Statement StoreFinished(const RunKey& run, const std::string& owner, int64_t fence, const std::vector<int32_t>& calls,
                        const std::vector<FinishedPrompt>& finished);

struct LeaseAsk {
  int concurrency = 1;        // of the run
  int per_minute = 0;         // calls of the run; 0 for no limit
  std::vector<int32_t> held;  // prompts that the owner has leased under `fence`
  int64_t fence = 0;          // 0: it has none
  bool leaves = false;        // gives back all but what is held
  bool busy = false;          // has more to do than it can carry
};
// Leases prompts, under the run's lock. Gives a row for each of them, or one without a prompt; none where the run has
// ended or has no seat for the owner.
Statement LeasePrompts(const RunKey& run, const std::string& owner, const LeaseAsk& ask);

}  // namespace ftl::batch_runner
