#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "services/batch-runner/store/run_session.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// How far a run has come, in short.
struct RunStanding {
  pb::RunStatus status = pb::RUN_STATUS_UNSPECIFIED;
  int64_t last_sequence = 0;
  friend bool operator==(const RunStanding&, const RunStanding&) = default;
};

struct WatchedRun {
  std::string session;  // hash
  std::string test_run_id;
};

// The statement that gives a run as run_row reads it; for pipelines that need the run as it stands after them.
Statement AskRun(std::string_view session, std::string_view test_run_id);

// SQL of runs. Every method names the session, asks whether it is open in the same round trip, and refuses with
// SESSION_NOT_FOUND, SESSION_EXPIRED or RUN_NOT_FOUND.
class RunStore {
 public:
  // `reads` is the lane of what changes nothing.
  RunStore(Database& database, Database& reads) : database_(database), reads_(reads) {}
  explicit RunStore(Database& database) : RunStore(database, database) {}

  // The session (hash) of a run. RUN_NOT_FOUND for a run that is not there, or not a UUID, or not of `session_id` where
  // that is not empty.
  Task<std::string> SessionOfRun(const CallContext& call, std::string test_run_id, std::string session_id);

  Task<RunSession> LoadSession(const CallContext& call, std::string session);
  Task<pb::Run> Get(const CallContext& call, std::string session, std::string test_run_id);
  // The traceparent of the call that created the run; empty where it had none.
  Task<std::string> Traceparent(Deadline deadline, std::string session, std::string test_run_id);
  // The run started last; NO_RUN where there is none.
  Task<pb::Run> Latest(const CallContext& call, std::string session);
  // The newest first, `offset` skipped; with the number of all.
  struct Page {
    std::vector<pb::Run> runs;
    int32_t total;
  };
  Task<Page> List(const CallContext& call, std::string session, int offset, int limit);

  // How the runs stand, in their order, all in one query; nullopt for one that is gone or whose session is not open.
  Task<std::vector<std::optional<RunStanding>>> Standings(Deadline deadline, const std::vector<WatchedRun>& runs);

  // Ends a run that has not ended, and drops its leases. Gives the run as it stands then.
  struct Ending {
    pb::RunStatus status;
    std::string error;  // empty for none
    finetunelab::endpoint::v1::ErrorType error_type = finetunelab::endpoint::v1::ERROR_TYPE_UNSPECIFIED;
  };
  Task<pb::Run> End(const CallContext& call, std::string session, std::string test_run_id, Ending ending);
  // Writes down that a run that has not ended calls nobody for `pause` from now. Gives the run as it stands then.
  Task<pb::Run> Pause(const CallContext& call, std::string session, std::string test_run_id, absl::Duration pause);
  // Writes down, in the run's parameters and its manifest, that the model takes no more output tokens than these. Gives
  // the run as it stands then.
  Task<pb::Run> LowerTokens(const CallContext& call, std::string session, std::string test_run_id, int max_tokens);

 private:
  Database& database_;
  Database& reads_;
};

}  // namespace ftl::batch_runner
