#include "services/batch-runner/store/step_statements.h"

namespace ftl::batch_runner {
namespace {

// Prompts that the process holds without knowing it, because the answer to a step was lost, are given again; then those
// that came back, then fresh ones; more claims than its slots need go back. A process that is not there yet is let in
// as runs_with_work() says. A prompt that two processes have died of is called alone among its kind, so that the third
// death shows whose fault it is. Under the run's lock. What it asks stands apart, so that the plan fits every step and
// is made once. OFFSET 0 keeps the texts a look-up each: without statistics of a run just begun the planner would
// rather read all of them.
constexpr Query kLease{"work.lease", R"(
  WITH asks AS MATERIALIZED (SELECT $8::bool AS leaves, $9::bool AS busy),
  run AS (
    SELECT next_prompt, total_prompts, last_fence FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')),
  mine AS (
    SELECT fence, prompts, claimed FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $3::uuid FOR UPDATE),
  held AS (
    SELECT ARRAY(SELECT unnest(prompts) FROM mine WHERE fence = $7::bigint INTERSECT SELECT unnest($6::int[])) AS calls,
           coalesce((SELECT range_agg(int4range(p, p + 1)) FROM mine, unnest($6::int[]) AS p
                     WHERE fence = $7::bigint AND claimed @> p), '{}') AS claims),
  returned AS (
    SELECT prompt_id, takeovers, is_free FROM demo_run_returned WHERE demo_session_id = $1 AND test_run_id = $2::uuid),
  pace AS (
    SELECT allowed, greatest(next_call_at, now() - interval '50 milliseconds') AS next_call_at, interval '1 minute' / nullif($5::int, 0) AS spacing
    FROM demo_endpoint_pace WHERE demo_session_id = $1),
  others AS (
    SELECT coalesce(sum(greatest(slots, cardinality(prompts))), 0)::int AS slots,
           count(*) FILTER (WHERE slots > 0 OR cardinality(prompts) = 0)::int AS workers,
           coalesce(bool_or(busy) AND bool_and(slots > 0), false) AS invite
    FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner <> $3::uuid),
  granted AS (
    SELECT workers, share, CASE WHEN leaves THEN 0 ELSE greatest(0, least(most - others.slots, share)) END AS slots
    FROM asks, run, others, (SELECT least($4::int, (SELECT allowed FROM pace)) AS most) AS bounds,
         LATERAL (SELECT (most + workers) / (workers + 1) AS share) AS shared
    WHERE EXISTS (SELECT 1 FROM mine)
       OR (NOT leaves
           AND (workers = 0
                OR (invite AND others.slots >= 8 * (workers + 1)
                    AND total_prompts - next_prompt + 1 + (SELECT count(*) FROM returned WHERE is_free) > others.slots)))),
  forgotten AS (
    (SELECT unnest(prompts) AS prompt_id FROM mine EXCEPT SELECT unnest(calls) FROM held)
    UNION ALL
    SELECT p FROM mine, held, unnest(mine.claimed - claims) AS c, generate_series(lower(c), upper(c) - 1) AS p),
  reach AS (
    SELECT slots, share, slots - cardinality(calls) AS calls,
           slots * CASE WHEN $5::int > 0 THEN 1 WHEN workers > 0 THEN 2 ELSE 3 END - cardinality(calls) AS claims
    FROM granted, held),
  surplus AS (
    (SELECT p AS prompt_id FROM held, unnest(claims) AS c, generate_series(lower(c), upper(c) - 1) AS p
     WHERE EXISTS (SELECT 1 FROM reach) ORDER BY p OFFSET coalesce((SELECT greatest(0, claims) FROM reach), 0))
    UNION ALL
    SELECT prompt_id FROM asks, reach, forgotten WHERE leaves),
  room AS (
    SELECT slots, share, reach.calls,
           greatest(0, least(reach.claims - (SELECT coalesce(sum(upper(c) - lower(c)), 0)::int FROM unnest(held.claims) AS c)
                               - (SELECT count(*) FROM forgotten)::int,
                             (SELECT floor(extract(epoch FROM now() - next_call_at) / extract(epoch FROM spacing))::int + 1 FROM pace))) AS prompts
    FROM reach, held),
  suspect AS (
    SELECT min(prompt_id) AS prompt_id FROM returned
    WHERE takeovers >= 2 AND is_free AND NOT EXISTS (SELECT 1 FROM returned WHERE takeovers >= 2 AND NOT is_free)),
  taken AS (
    UPDATE demo_run_returned SET is_free = false
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid
      AND prompt_id = ANY (ARRAY(SELECT prompt_id FROM returned
                                 WHERE is_free AND (takeovers < 2 OR prompt_id = (SELECT prompt_id FROM suspect))
                                 ORDER BY prompt_id LIMIT coalesce((SELECT prompts FROM room), 0)))
    RETURNING prompt_id),
  given_back AS (
    INSERT INTO demo_run_returned (demo_session_id, test_run_id, prompt_id)
    SELECT $1, $2::uuid, prompt_id FROM surplus
    ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET is_free = true),
  fresh AS (
    SELECT prompt_id
    FROM run, room, (SELECT count(*)::int AS already FROM taken) AS t,
         generate_series(next_prompt, least(total_prompts, next_prompt + room.prompts - already - 1)) AS g (prompt_id)),
  leased AS (
    SELECT prompt_id, row_number() OVER (ORDER BY prompt_id) <= room.calls AS may_call
    FROM room, (SELECT prompt_id FROM asks, forgotten WHERE NOT leaves
                UNION ALL SELECT prompt_id FROM taken UNION ALL SELECT prompt_id FROM fresh) AS l),
  kept AS (
    INSERT INTO demo_run_leases (demo_session_id, test_run_id, owner, fence, slots, busy, lease_until, prompts, claimed)
    SELECT $1, $2::uuid, $3::uuid, coalesce((SELECT fence FROM mine), last_fence + 1), slots, busy, now() + interval '15 seconds',
           held.calls || ARRAY(SELECT prompt_id FROM leased WHERE may_call),
           held.claims - coalesce((SELECT range_agg(int4range(prompt_id, prompt_id + 1)) FROM surplus), '{}')
             + coalesce((SELECT range_agg(int4range(prompt_id, prompt_id + 1)) FROM leased WHERE NOT may_call), '{}')
    FROM asks, run, room, held
    ON CONFLICT (demo_session_id, test_run_id, owner) DO UPDATE
    SET slots = excluded.slots, busy = excluded.busy, lease_until = excluded.lease_until, prompts = excluded.prompts,
        claimed = excluded.claimed
    RETURNING fence),
  begun AS (
    UPDATE demo_batch_test_runs r
    SET next_prompt = r.next_prompt + (SELECT count(*) FROM fresh), last_fence = greatest(r.last_fence, kept.fence),
        status = 'running', started_at = coalesce(started_at, now())
    FROM kept
    WHERE demo_session_id = $1 AND id = $2::uuid
      AND (EXISTS (SELECT 1 FROM fresh) OR r.last_fence < kept.fence OR status = 'pending')),
  drawn AS (
    UPDATE demo_endpoint_pace p SET next_call_at = pace.next_call_at + (SELECT count(*) FROM leased) * spacing
    FROM pace WHERE p.demo_session_id = $1 AND spacing IS NOT NULL
    RETURNING p.next_call_at)
  SELECT kept.fence, room.slots, room.slots < room.share AS crowded, (SELECT allowed < $4::int FROM pace) AS slowed,
         run.next_prompt + (SELECT count(*) FROM fresh) <= run.total_prompts
           OR (SELECT count(*) FROM returned WHERE is_free) > (SELECT count(*) FROM taken)
           OR EXISTS (SELECT 1 FROM surplus) AS more,
         ARRAY(SELECT prompt_id::text FROM surplus) AS given_back,
         extract(epoch FROM (SELECT next_call_at FROM drawn) - now())::float8 AS pause,
         l.prompt_id, l.may_call, b.prompt_id IS NOT NULL AS came_back, coalesce(b.takeovers, 0) AS takeovers,
         p.prompt, p.category, p.difficulty, p.expected_answer, p.checks::text AS checks, p.messages::text AS messages
  FROM run CROSS JOIN room CROSS JOIN kept LEFT JOIN leased l ON true LEFT JOIN returned b ON b.prompt_id = l.prompt_id
  LEFT JOIN LATERAL (
    SELECT * FROM demo_run_prompts WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = l.prompt_id OFFSET 0) p
    ON true
  ORDER BY l.prompt_id)"};

}  // namespace

Statement LeasePrompts(const RunKey& run, const std::string& owner, const LeaseAsk& ask) {
  return {kLease, Params(run.session, run.test_run_id, owner, ask.concurrency, ask.per_minute, ask.held, ask.fence,
                         ask.leaves, ask.busy)};
}

}  // namespace ftl::batch_runner
