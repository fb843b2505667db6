#include <absl/strings/str_replace.h>

#include "services/batch-runner/store/result_columns.h"
#include "services/batch-runner/store/step_statements.h"

namespace ftl::batch_runner {
namespace {

// $1 session, $2 run, $3 owner, $4 fence of the step, $5 prompts called next; then a value for each result: $6 prompt,
// $7 fence, and from $8 on the columns of result_columns.h.
constexpr std::string_view kText = R"(
  WITH run AS (
    SELECT last_sequence, total_prompts - completed_prompts - failed_prompts AS left_over FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')),
  lease AS (
    SELECT fence, prompts, claimed FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $3::uuid FOR UPDATE),
  accepted AS (
    SELECT a.prompt_id, success, a.position, last_sequence + row_number() OVER () AS sequence
    FROM run, lease, unnest($6::int[], $7::bigint[], <success>) WITH ORDINALITY AS a (prompt_id, fence, success, position)
    WHERE a.fence = lease.fence AND (a.prompt_id = ANY (prompts) OR claimed @> a.prompt_id)),
  called AS (
    SELECT prompt_id FROM run, lease, unnest($5::int[]) AS p (prompt_id)
    WHERE fence = $4::bigint AND (claimed @> prompt_id OR prompt_id = ANY (prompts))),
  ended AS (
    SELECT coalesce(array_agg(prompt_id ORDER BY sequence), '{}') AS prompts,
           coalesce(range_agg(int4range(prompt_id, prompt_id + 1)), '{}') AS claims
    FROM accepted),
  begun AS (
    SELECT coalesce(array_agg(prompt_id), '{}') AS prompts,
           coalesce(range_agg(int4range(prompt_id, prompt_id + 1)), '{}') AS claims
    FROM called),
  finish AS (SELECT cardinality(prompts) = left_over AS is_last FROM run, ended),
  left_off AS (
    DELETE FROM demo_run_leases l USING finish
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.owner = $3::uuid AND is_last),
  held AS (
    UPDATE demo_run_leases l
    SET prompts = ARRAY((SELECT unnest(l.prompts) UNION SELECT unnest(begun.prompts)) EXCEPT SELECT unnest(ended.prompts)),
        claimed = l.claimed - begun.claims - ended.claims,
        lease_until = now() + interval '15 seconds'
    FROM ended, begun, finish
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.owner = $3::uuid AND NOT is_last),
  cleared AS (
    DELETE FROM demo_run_returned
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = ANY ((SELECT prompts FROM ended)::int[])),
  stored AS (
    INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, <columns>)
    SELECT $1, $2::uuid, a.prompt_id, a.sequence, <r.columns>
    FROM accepted a JOIN unnest(<values>) WITH ORDINALITY AS r (<columns>, position) USING (position)),
  updated AS (
    UPDATE demo_batch_test_runs r
    SET completed_prompts = completed_prompts + good, failed_prompts = failed_prompts + bad,
        last_sequence = r.last_sequence + good + bad, started_at = coalesce(started_at, now()),
        status = CASE WHEN completed_prompts + failed_prompts + good + bad = total_prompts THEN 'completed' ELSE 'running' END,
        completed_at = CASE WHEN completed_prompts + failed_prompts + good + bad = total_prompts THEN now() END
    FROM (SELECT count(*) FILTER (WHERE success) AS good, count(*) FILTER (WHERE NOT success) AS bad FROM accepted) AS counted
    WHERE r.demo_session_id = $1 AND r.id = $2::uuid AND good + bad > 0
    RETURNING status, failed_prompts)
  SELECT (SELECT prompts::text[] FROM ended) AS stored, (SELECT last_sequence FROM run) AS last_sequence, now() AS stored_at,
         (SELECT prompts::text[] FROM begun) AS called, NOT EXISTS (SELECT 1 FROM lease WHERE fence = $4::bigint) AS lost, (SELECT status FROM updated) AS status,
         (SELECT failed_prompts FROM updated) AS failed_prompts, coalesce((SELECT is_last FROM finish), false) AS left_off)";
constexpr int kFirstColumn = 8;

const std::string& StoreSql() {
  static const std::string sql = absl::StrReplaceAll(absl::string_view(kText.data(), kText.size()),
                                                     {{"<columns>", ResultColumnNames("")},
                                                      {"<r.columns>", ResultColumnNames("r.")},
                                                      {"<values>", ResultColumnValues(kFirstColumn)},
                                                      {"<success>", ResultColumnValue("success", kFirstColumn)}});
  return sql;
}

}  // namespace

Statement StoreFinished(const RunKey& run, const std::string& owner, int64_t fence, const std::vector<int32_t>& calls,
                        const std::vector<FinishedPrompt>& finished) {
  std::vector<int32_t> prompt_ids;
  std::vector<int64_t> fences;
  for (const FinishedPrompt& prompt : finished) {
    prompt_ids.push_back(prompt.result.prompt_id());
    fences.push_back(prompt.fence);
  }
  Params params(run.session, run.test_run_id, owner, fence, calls, prompt_ids, fences);
  AddResultColumns(finished, params);
  return {{"work.store", StoreSql()}, std::move(params)};
}

}  // namespace ftl::batch_runner
