#include "services/batch-runner/store/run_door.h"

#include "common/error/refusal.h"
#include "common/session/session_gate.h"
#include "common/session/session_state.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kEnter{"run.enter", R"(
  WITH found AS MATERIALIZED (SELECT session_of_run($1::uuid) AS session)
  SELECT set_config('ftl.sessions', session, true) AS session FROM found
  WHERE session IS NOT NULL AND $2 IN ('', session))"};

constexpr Query kEnteredState{"run.entered_state", "SELECT " FTL_SESSION_STATE(FTL_ENTERED_SESSION) " AS state"};

}  // namespace

Statement FindRun(std::string_view test_run_id, std::string_view session) {
  return {kEnter, Params(test_run_id, session)};
}

std::vector<Statement> EnterRun(std::string_view test_run_id, std::string_view session) {
  std::vector<Statement> statements;
  statements.push_back(FindRun(test_run_id, session));
  statements.push_back({kEnteredState, {}});
  return statements;
}

absl::Status RequireEntered(const std::vector<Rows>& rows) {
  return rows[0].empty() ? RunNotFound() : RequireOpen(rows[1]);
}

absl::Status RunNotFound() {
  return Refuse(Reason::kRunNotFound, "There is no such run. A run goes when its session ends.");
}

}  // namespace ftl::batch_runner
