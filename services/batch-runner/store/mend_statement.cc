#include "services/batch-runner/store/step_statements.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kMend{"work.mend", R"(
  WITH run AS (
    SELECT next_prompt, total_prompts, completed_prompts, failed_prompts, last_sequence FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') AND next_prompt > 1
      AND NOT EXISTS (SELECT 1 FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = $2::uuid)),
  done AS (
    SELECT count(*) FILTER (WHERE success)::int AS good, count(*) FILTER (WHERE NOT success)::int AS bad,
           coalesce(max(sequence), 0) AS sequence, coalesce(max(prompt_id), 0) AS prompt_id
    FROM demo_batch_test_results WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND EXISTS (SELECT 1 FROM run)),
  prompts AS (
    SELECT prompt_id,
           EXISTS (SELECT 1 FROM demo_batch_test_results r
                   WHERE r.demo_session_id = $1 AND r.test_run_id = $2::uuid AND r.prompt_id = p.prompt_id) AS has_result
    FROM demo_run_prompts p WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND EXISTS (SELECT 1 FROM run)),
  mended AS (
    SELECT good, bad, greatest(sequence, good + bad) AS sequence, greatest(next_prompt, done.prompt_id + 1) AS next_prompt,
           CASE WHEN good + bad = total_prompts THEN 'completed'
                WHEN (SELECT count(*) FROM prompts) < total_prompts THEN 'failed'
                ELSE 'running' END AS status
    FROM run, done),
  freed AS (
    INSERT INTO demo_run_returned AS r (demo_session_id, test_run_id, prompt_id)
    SELECT $1, $2::uuid, prompt_id FROM mended, prompts WHERE prompt_id < next_prompt AND NOT has_result
    ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET is_free = true WHERE NOT r.is_free),
  cleared AS (
    DELETE FROM demo_run_returned
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id IN (SELECT prompt_id FROM prompts WHERE has_result))
  UPDATE demo_batch_test_runs r
  SET completed_prompts = good, failed_prompts = bad, last_sequence = sequence, next_prompt = mended.next_prompt,
      status = mended.status, completed_at = CASE WHEN mended.status <> 'running' THEN now() END,
      error = CASE WHEN mended.status = 'failed' THEN 'A part of the run was lost with the database that kept it.' END,
      error_type = CASE WHEN mended.status = 'failed' THEN 'unknown' END
  FROM mended
  WHERE r.demo_session_id = $1 AND r.id = $2::uuid
    AND (r.completed_prompts, r.failed_prompts, r.last_sequence, r.next_prompt, 'running')
        IS DISTINCT FROM (good, bad, sequence, mended.next_prompt, mended.status)
  RETURNING r.status, r.failed_prompts)"};

}  // namespace

Statement MendRun(const RunKey& run) { return {kMend, Params(run.session, run.test_run_id)}; }

}  // namespace ftl::batch_runner
