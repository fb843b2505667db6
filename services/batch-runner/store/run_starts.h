#pragma once

#include <optional>
#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"
#include "services/batch-runner/run/plan.h"
#include "services/batch-runner/store/first_prompts.h"
#include "services/batch-runner/store/idempotency.h"
#include "services/batch-runner/store/run_session.h"

namespace ftl::batch_runner {

// What a run is started from.
struct RunGround {
  RunSession session;
  absl::StatusOr<pb::Suite> suite;  // SUITE_NOT_FOUND
};

// A run as it was stored. A repeat is not new.
struct CreatedRun {
  pb::Run run;
  bool is_new;
};

// SQL of the start of a run. Refuses with SESSION_NOT_FOUND or SESSION_EXPIRED.
class RunStarts {
 public:
  // Runs that are stored in the same moment share a commit in `starts`; `grounds` reads what they are made from.
  RunStarts(SharedCommits& starts, Database& grounds) : starts_(starts), grounds_(grounds) {}

  // In one round trip.
  Task<RunGround> LoadGround(const CallContext& call, std::string session, std::string suite_id);
  // The run that the same key and content started before; nullopt where there is none. IDEMPOTENCY_KEY_REUSED.
  Task<std::optional<pb::Run>> Repeated(const CallContext& call, std::string session, Idempotency idempotency);
  // Stores run and prompts under `id`, a new UUID, at once, its first prompts leased to whom `first` names: from
  // here on the run survives a kill. Gives the stored run, or the one that the same key and content made before.
  // RUN_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED. `plan` must outlive the call.
  Task<CreatedRun> Create(const CallContext& call, std::string session, std::string id, std::string model_name,
                          const RunPlan& plan, Idempotency idempotency, std::optional<FirstPrompts> first = {});

 private:
  SharedCommits& starts_;
  Database& grounds_;
};

}  // namespace ftl::batch_runner
