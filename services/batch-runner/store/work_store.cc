#include "services/batch-runner/store/work_store.h"

#include <absl/strings/numbers.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "common/session/session_state.h"
#include "services/batch-runner/store/result_columns.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_row.h"

namespace ftl::batch_runner {
namespace {

using google::protobuf::util::TimeUtil;

constexpr Query kRunsWithWork{
    "work.runs",
    "SELECT demo_session_id, test_run_id::text AS test_run_id FROM runs_with_work() ORDER BY random() LIMIT 1000"};

// Everything after it in a pipeline sees what other processes did to the run before.
constexpr Query kLock{"work.lock", "SELECT " FTL_SESSION_STATE("$1") R"( AS state, status, failed_prompts
  FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid FOR UPDATE)"};

// Who has not renewed its lease in time is taken for dead. Under the run's lock.
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

// Every result whose prompt is held under its fence, called or claimed, is stored; then the claimed prompts $41 are
// among those called. The lease goes with the run's last prompt. Under the run's lock.
constexpr Query kStore{"work.store", R"(
  WITH run AS (
    SELECT last_sequence, total_prompts - completed_prompts - failed_prompts AS left_over FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')),
  lease AS (
    SELECT fence, prompts, claimed FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $39::uuid FOR UPDATE),
  accepted AS (
    SELECT a.prompt_id, success, a.position, last_sequence + row_number() OVER () AS sequence
    FROM run, lease, unnest($3::int[], $4::bigint[], $6::bool[]) WITH ORDINALITY AS a (prompt_id, fence, success, position)
    WHERE a.fence = lease.fence AND (a.prompt_id = ANY (prompts) OR claimed @> a.prompt_id)),
  called AS (
    SELECT prompt_id FROM run, lease, unnest($41::int[]) AS p (prompt_id)
    WHERE fence = $40::bigint AND (claimed @> prompt_id OR prompt_id = ANY (prompts))),
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
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.owner = $39::uuid AND is_last),
  held AS (
    UPDATE demo_run_leases l
    SET prompts = ARRAY((SELECT unnest(l.prompts) UNION SELECT unnest(begun.prompts)) EXCEPT SELECT unnest(ended.prompts)),
        claimed = l.claimed - begun.claims - ended.claims,
        lease_until = now() + interval '15 seconds'
    FROM ended, begun, finish
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.owner = $39::uuid AND NOT is_last),
  cleared AS (
    DELETE FROM demo_run_returned
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = ANY ((SELECT prompts FROM ended)::int[])),
  stored AS (
    INSERT INTO demo_batch_test_results (
      demo_session_id, test_run_id, prompt_id, sequence, response, success, outcome, error, error_type, http_status, model_id,
      finish_reason, attempts, latency_us, ttft_us, ttfa_us, itl_mean_us, tpot_us, dns_us, connect_us, tls_us, wait_us,
      stream_us, total_us, client_lag_us, buffered, input_tokens, output_tokens, reasoning_tokens, cached_tokens,
      tokens_estimated, response_words, checks, checks_passed, checks_failed, prompt, category, difficulty)
    SELECT $1, $2::uuid, prompt_id, sequence, response, r.success, outcome, error, error_type, http_status, model_id,
      finish_reason, attempts, latency_us, ttft_us, ttfa_us, itl_mean_us, tpot_us, dns_us, connect_us, tls_us, wait_us,
      stream_us, total_us, client_lag_us, buffered, input_tokens, output_tokens, reasoning_tokens, cached_tokens,
      tokens_estimated, response_words, checks, checks_passed, checks_failed, prompt, category, difficulty
    FROM accepted
    JOIN unnest($5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::int[], $11::text[], $12::text[], $13::int[],
                $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[],
                $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bool[], $27::int[], $28::int[],
                $29::int[], $30::int[], $31::bool[], $32::int[], $33::jsonb[], $34::int[], $35::int[], $36::text[], $37::text[],
                $38::text[]) WITH ORDINALITY
      AS r (response, success, outcome, error, error_type, http_status, model_id, finish_reason, attempts, latency_us, ttft_us,
            ttfa_us, itl_mean_us, tpot_us, dns_us, connect_us, tls_us, wait_us, stream_us, total_us, client_lag_us, buffered,
            input_tokens, output_tokens, reasoning_tokens, cached_tokens, tokens_estimated, response_words, checks,
            checks_passed, checks_failed, prompt, category, difficulty, position) USING (position)),
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
         (SELECT prompts::text[] FROM begun) AS called, NOT EXISTS (SELECT FROM lease WHERE fence = $40::bigint) AS lost, (SELECT status FROM updated) AS status,
         (SELECT failed_prompts FROM updated) AS failed_prompts, coalesce((SELECT is_last FROM finish), false) AS left_off)"};

// What a database that lost its newest commits may have left: where nobody holds anything of a run, all prompts below
// its cursor have a result or are free, and its counters are those of its results. Under the run's lock.
constexpr Query kMend{"work.mend", R"(
  WITH run AS (
    SELECT next_prompt, total_prompts, completed_prompts, failed_prompts, last_sequence FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') AND next_prompt > 1
      AND NOT EXISTS (SELECT FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = $2::uuid)),
  done AS (
    SELECT count(*) FILTER (WHERE success)::int AS good, count(*) FILTER (WHERE NOT success)::int AS bad,
           coalesce(max(sequence), 0) AS sequence, coalesce(max(prompt_id), 0) AS prompt_id
    FROM demo_batch_test_results WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND EXISTS (SELECT FROM run)),
  prompts AS (
    SELECT prompt_id,
           EXISTS (SELECT FROM demo_batch_test_results r
                   WHERE r.demo_session_id = $1 AND r.test_run_id = $2::uuid AND r.prompt_id = p.prompt_id) AS has_result
    FROM demo_run_prompts p WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND EXISTS (SELECT FROM run)),
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
    WHERE EXISTS (SELECT FROM mine)
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
     WHERE EXISTS (SELECT FROM reach) ORDER BY p OFFSET coalesce((SELECT greatest(0, claims) FROM reach), 0))
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
    WHERE takeovers >= 2 AND is_free AND NOT EXISTS (SELECT FROM returned WHERE takeovers >= 2 AND NOT is_free)),
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
      AND (EXISTS (SELECT FROM fresh) OR r.last_fence < kept.fence OR status = 'pending')),
  drawn AS (
    UPDATE demo_endpoint_pace p SET next_call_at = pace.next_call_at + (SELECT count(*) FROM leased) * spacing
    FROM pace WHERE p.demo_session_id = $1 AND spacing IS NOT NULL
    RETURNING p.next_call_at)
  SELECT kept.fence, room.slots, room.slots < room.share AS crowded, (SELECT allowed < $4::int FROM pace) AS slowed,
         run.next_prompt + (SELECT count(*) FROM fresh) <= run.total_prompts
           OR (SELECT count(*) FROM returned WHERE is_free) > (SELECT count(*) FROM taken)
           OR EXISTS (SELECT FROM surplus) AS more,
         ARRAY(SELECT prompt_id::text FROM surplus) AS given_back,
         extract(epoch FROM (SELECT next_call_at FROM drawn) - now())::float8 AS pause,
         l.prompt_id, l.may_call, b.prompt_id IS NOT NULL AS came_back, coalesce(b.takeovers, 0) AS takeovers,
         p.prompt, p.category, p.difficulty, p.expected_answer, p.checks::text AS checks, p.messages::text AS messages
  FROM run CROSS JOIN room CROSS JOIN kept LEFT JOIN leased l ON true LEFT JOIN returned b ON b.prompt_id = l.prompt_id
  LEFT JOIN LATERAL (
    SELECT * FROM demo_run_prompts WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = l.prompt_id OFFSET 0) p
    ON true
  ORDER BY l.prompt_id)"};

// In the order of the steps, which lock several runs' leases too.
constexpr Query kRenew{"work.renew", R"(
  WITH mine AS (
    SELECT demo_session_id, test_run_id FROM demo_run_leases WHERE owner = $1::uuid
    ORDER BY demo_session_id, test_run_id FOR UPDATE)
  UPDATE demo_run_leases l SET lease_until = now() + interval '15 seconds' FROM mine
  WHERE l.demo_session_id = mine.demo_session_id AND l.test_run_id = mine.test_run_id AND l.owner = $1::uuid
  RETURNING l.demo_session_id, l.test_run_id::text AS test_run_id, fence)"};

// $2 is null for all runs.
constexpr Query kGiveBack{"work.give_back", R"(
  WITH mine AS (
    DELETE FROM demo_run_leases WHERE owner = $1::uuid AND ($2::uuid IS NULL OR test_run_id = $2::uuid)
    RETURNING demo_session_id, test_run_id,
              prompts || ARRAY(SELECT p FROM unnest(claimed) AS c, generate_series(lower(c), upper(c) - 1) AS p) AS prompts)
  INSERT INTO demo_run_returned (demo_session_id, test_run_id, prompt_id)
  SELECT demo_session_id, test_run_id, prompt_id FROM mine, unnest(prompts) AS p (prompt_id)
  ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET is_free = true)"};

LeasedPrompt LeasedOf(const Row& row) {
  LeasedPrompt leased;
  leased.prompt_id = row.Get<int32_t>("prompt_id");
  leased.fence = row.Get<int64_t>("fence");
  leased.takeovers = row.Get<int32_t>("takeovers");
  leased.may_call = row.Get<bool>("may_call");
  leased.came_back = row.Get<bool>("came_back");
  leased.prompt.set_prompt(row.Get<std::string>("prompt"));
  if (auto category = row.Get<std::optional<std::string>>("category")) leased.prompt.set_category(*std::move(category));
  if (auto expected = row.Get<std::optional<std::string>>("expected_answer")) {
    leased.prompt.set_expected_answer(*std::move(expected));
  }
  if (const auto checks = row.Get<std::optional<std::string>>("checks")) ChecksFromJson(*checks, leased.prompt);
  if (const auto messages = row.Get<std::optional<std::string>>("messages")) MessagesFromJson(*messages, leased.prompt);
  leased.difficulty = DifficultyOf(row.Get<std::optional<std::string>>("difficulty"));
  return leased;
}

std::vector<int32_t> NumbersOf(const std::vector<std::string>& texts) {
  std::vector<int32_t> numbers;
  for (const std::string& text : texts) (void)absl::SimpleAtoi(text, &numbers.emplace_back());
  return numbers;
}

void TakeStored(const Row& row, const RunKey& run, std::vector<FinishedPrompt>& finished, WorkStore::Step& step) {
  std::map<int32_t, FinishedPrompt*> by_prompt;
  for (FinishedPrompt& prompt : finished) by_prompt[prompt.result.prompt_id()] = &prompt;
  int64_t sequence = row.Get<std::optional<int64_t>>("last_sequence").value_or(0);
  const auto stored_at = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.Get<absl::Time>("stored_at")));
  for (const int32_t prompt_id : NumbersOf(row.Get<std::vector<std::string>>("stored"))) {
    pb::Result& result = by_prompt.at(prompt_id)->result;
    result.set_test_run_id(run.test_run_id);
    result.set_sequence(++sequence);
    *result.mutable_created_at() = stored_at;
    step.stored.push_back(std::move(result));
  }
  step.lost = row.Get<bool>("lost");
  step.left = row.Get<bool>("left_off");
  step.calls = NumbersOf(row.Get<std::vector<std::string>>("called"));
  if (const auto status = row.Get<std::optional<std::string_view>>("status")) step.status = StatusOfWord(*status);
  if (const auto failed = row.Get<std::optional<int32_t>>("failed_prompts")) step.failed_prompts = *failed;
}

// A row for each prompt leased, or one without a prompt; none where the run has ended or has no seat for this process.
void TakeLeased(const Rows& rows, WorkStore::Step& step) {
  for (const Row row : rows) {
    step.fence = row.Get<int64_t>("fence");
    step.slots = row.Get<int32_t>("slots");
    step.crowded = row.Get<bool>("crowded");
    step.slowed = row.Get<std::optional<bool>>("slowed").value_or(false);
    step.more = row.Get<bool>("more");
    step.pause = std::max(absl::ZeroDuration(), absl::Seconds(row.Get<std::optional<double>>("pause").value_or(0)));
    if (!row.Get<std::optional<int32_t>>("prompt_id")) continue;
    if (row.Get<std::optional<std::string_view>>("prompt")) {
      step.leased.push_back(LeasedOf(row));
    } else {
      step.incomplete = true;
    }
  }
  if (!rows.empty()) step.given_back = NumbersOf(rows[0].Get<std::vector<std::string>>("given_back"));
}

}  // namespace

Task<std::vector<RunKey>> WorkStore::RunsWithWork(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRunsWithWork));
  std::vector<RunKey> runs;
  for (const Row row : rows)
    runs.push_back({row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")});
  co_return runs;
}

Task<WorkStore::Step> WorkStore::Advance(Deadline deadline, RunKey run, Request& request) {
  std::vector<FinishedPrompt>& finished = request.finished;
  std::vector<Statement> statements;
  if (request.pace.throttled) {
    statements.push_back(SlowDown(run.session, request.concurrency, *request.pace.throttled));
  }
  if (request.pace.good > 0) statements.push_back(SpeedUp(run.session, request.concurrency, request.pace.good));
  if (request.per_minute > 0) statements.push_back(KeepCount(run.session));
  const size_t locked_at = statements.size();
  statements.push_back({kLock, Params(run.session, run.test_run_id)});
  if (request.take_over) {
    statements.push_back({kTakeOver, Params(run.session, run.test_run_id, owner_)});
    statements.push_back({kMend, Params(run.session, run.test_run_id)});
  }
  const size_t stored_at = statements.size();
  const bool stores = !finished.empty() || !request.calls.empty();
  if (stores) {
    Params columns = ResultColumns(run.session, run.test_run_id, finished);
    columns.Add(owner_);
    columns.Add(request.fence);
    columns.Add(request.calls);
    statements.push_back({kStore, std::move(columns)});
  }
  const size_t leased_at = statements.size();
  if (request.wants_more) {
    statements.push_back({kLease, Params(run.session, run.test_run_id, owner_, request.concurrency, request.per_minute,
                                         request.held, request.fence, request.leaves, request.busy)});
  }
  if (request.wants_run) statements.push_back(AskRun(run.session, run.test_run_id));
  CO_TRY(const auto rows, co_await steps_.RunAll(deadline, SessionScope(run.session), run.session + run.test_run_id,
                                                 std::move(statements)));
  Step step;
  const Rows& locked = rows[locked_at];
  if (locked.empty() || !RequireOpen(locked).ok()) {
    step.gone = true;
    co_return step;
  }
  step.status = StatusOfWord(locked[0].Get<std::string_view>("status"));
  step.failed_prompts = locked[0].Get<int32_t>("failed_prompts");
  if (request.take_over && !rows[stored_at - 1].empty()) {
    const Row mended = rows[stored_at - 1][0];
    step.status = StatusOfWord(mended.Get<std::string_view>("status"));
    step.failed_prompts = mended.Get<int32_t>("failed_prompts");
  }
  if (stores) TakeStored(rows[stored_at].Only(), run, finished, step);
  if (request.wants_more) TakeLeased(rows[leased_at], step);
  step.renewed = request.wants_more ? step.fence != 0 : stores && !step.lost;
  if (request.wants_run) step.run = RunOf(rows.back()[0]);
  co_return step;
}

Task<absl::Duration> WorkStore::DrawCall(Deadline deadline, RunKey run, int per_minute) {
  const Statement draw = ftl::batch_runner::DrawCall(run.session, per_minute);
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(run.session), draw.query, draw.params));
  co_return std::max(absl::ZeroDuration(), absl::Seconds(rows.Only().Get<double>("wait")));
}

Task<WorkStore::Fences> WorkStore::Renew(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRenew, Params(owner_)));
  Fences fences;
  for (const Row row : rows) {
    fences[{row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")}] = row.Get<int64_t>("fence");
  }
  co_return fences;
}

Task<> WorkStore::Leave(Deadline deadline, RunKey run) {
  CO_TRY(co_await database_.Run(deadline, SessionScope(run.session), kGiveBack,
                                Params(owner_, std::string(run.test_run_id))));
  co_return absl::OkStatus();
}

Task<> WorkStore::LeaveAll(Deadline deadline) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kGiveBack, Params(owner_, std::nullopt)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
