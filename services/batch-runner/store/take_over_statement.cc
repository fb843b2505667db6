#include "common/session/session_state.h"
#include "services/batch-runner/store/step_statements.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kLock{"work.lock", "SELECT " FTL_SESSION_STATE("$1") R"( AS state, status, failed_prompts
  FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid FOR UPDATE)"};

constexpr Query kTakeOver{"work.take_over", R"(
  WITH dead AS (
    DELETE FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner <> $3::uuid AND lease_until < now()
    RETURNING prompts, claimed),
  left_behind AS (
    SELECT prompt_id, 1 AS deaths FROM dead, unnest(prompts) AS p (prompt_id)
    UNION ALL SELECT prompt_id, 0 FROM dead, unnest(claimed) AS c, generate_series(lower(c), upper(c) - 1) AS p (prompt_id))
  INSERT INTO demo_run_returned AS r (demo_session_id, test_run_id, prompt_id, takeovers)
  SELECT $1, $2::uuid, prompt_id, deaths FROM left_behind
  ON CONFLICT (demo_session_id, test_run_id, prompt_id)
  DO UPDATE SET takeovers = r.takeovers + excluded.takeovers, is_free = true)"};

}  // namespace

Statement LockRun(const RunKey& run) { return {kLock, Params(run.session, run.test_run_id)}; }

Statement TakeOver(const RunKey& run, const std::string& owner) {
  return {kTakeOver, Params(run.session, run.test_run_id, owner)};
}

}  // namespace ftl::batch_runner
