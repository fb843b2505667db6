#include "services/batch-runner/store/work_store.h"

#include <absl/strings/numbers.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/store/result_columns.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_row.h"

namespace ftl::batch_runner {
namespace {

using google::protobuf::util::TimeUtil;

constexpr Query kRunsWithWork{
    "work.runs", "SELECT demo_session_id, test_run_id::text AS test_run_id FROM runs_with_work() LIMIT 1000"};

// Everything after it in a pipeline sees what other processes did to the run before.
constexpr Query kLock{"work.lock", R"(
  SELECT 1 AS locked FROM demo_batch_test_runs
  WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') FOR UPDATE)"};

// Who has not renewed its lease in time is taken for dead. Under the run's lock.
constexpr Query kTakeOver{"work.take_over", R"(
  WITH dead AS (
    DELETE FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner <> $3::uuid AND lease_until < now() RETURNING prompts)
  INSERT INTO demo_run_returned AS r (demo_session_id, test_run_id, prompt_id, takeovers)
  SELECT $1, $2::uuid, prompt_id, 1 FROM dead, unnest(prompts) AS p (prompt_id)
  ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET takeovers = r.takeovers + 1, is_free = true)"};

// Every result whose prompt is held under its fence is stored. Under the run's lock.
constexpr Query kStore{"work.store", R"(
  WITH arrived AS (
    SELECT * FROM unnest($3::int[], $4::bigint[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::int[],
                         $11::text[], $12::text[], $13::int[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
                         $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],
                         $25::bigint[], $26::bool[], $27::int[], $28::int[], $29::int[], $30::int[], $31::bool[], $32::int[],
                         $33::jsonb[], $34::int[], $35::int[], $36::text[], $37::text[], $38::text[]) WITH ORDINALITY
      AS a (prompt_id, fence, response, success, outcome, error, error_type, http_status,
            model_id, finish_reason, attempts, latency_us, ttft_us, ttfa_us, itl_mean_us,
            tpot_us, dns_us, connect_us, tls_us, wait_us, stream_us, total_us,
            client_lag_us, buffered, input_tokens, output_tokens, reasoning_tokens, cached_tokens, tokens_estimated,
            response_words, checks, checks_passed, checks_failed, prompt, category, difficulty, position)),
  run AS (
    SELECT last_sequence FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')),
  lease AS (
    SELECT fence, prompts FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $39::uuid),
  numbered AS (
    SELECT a.*, run.last_sequence + row_number() OVER (ORDER BY a.position) AS sequence
    FROM arrived a, lease, run WHERE a.fence = lease.fence AND a.prompt_id = ANY (lease.prompts)),
  ended AS (
    UPDATE demo_run_leases
    SET prompts = ARRAY(SELECT p FROM unnest(prompts) AS p WHERE p <> ALL (ARRAY(SELECT prompt_id FROM numbered)))
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $39::uuid),
  cleared AS (
    DELETE FROM demo_run_returned
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = ANY (ARRAY(SELECT prompt_id FROM numbered))),
  stored AS (
    INSERT INTO demo_batch_test_results (
      demo_session_id, test_run_id, prompt_id, sequence, prompt, category, difficulty, response, success, outcome, error,
      error_type, http_status, model_id, finish_reason, attempts, latency_us, ttft_us, ttfa_us, itl_mean_us, tpot_us, dns_us,
      connect_us, tls_us, wait_us, stream_us, total_us, client_lag_us, buffered, input_tokens, output_tokens, reasoning_tokens,
      cached_tokens, tokens_estimated, response_words, checks, checks_passed, checks_failed)
    SELECT $1, $2::uuid, prompt_id, sequence, prompt, category, difficulty, response, success, outcome, error,
      error_type, http_status, model_id, finish_reason, attempts, latency_us, ttft_us, ttfa_us, itl_mean_us, tpot_us, dns_us,
      connect_us, tls_us, wait_us, stream_us, total_us, client_lag_us, buffered, input_tokens, output_tokens, reasoning_tokens,
      cached_tokens, tokens_estimated, response_words, checks, checks_passed, checks_failed
    FROM numbered),
  counted AS (
    SELECT count(*) FILTER (WHERE success) AS good, count(*) FILTER (WHERE NOT success) AS bad FROM numbered),
  updated AS (
    UPDATE demo_batch_test_runs r
    SET completed_prompts = completed_prompts + good, failed_prompts = failed_prompts + bad,
        last_sequence = r.last_sequence + good + bad, started_at = coalesce(started_at, now()),
        status = CASE WHEN completed_prompts + failed_prompts + good + bad = total_prompts THEN 'completed' ELSE 'running' END,
        completed_at = CASE WHEN completed_prompts + failed_prompts + good + bad = total_prompts THEN now() END
    FROM counted, run
    WHERE r.demo_session_id = $1 AND r.id = $2::uuid AND good + bad > 0)
  SELECT prompt_id, sequence, now() AS created_at FROM numbered)"};

// Prompts that the process holds without knowing it, because the answer to a step was lost, are given again; then those
// that came back, then fresh ones. One that two processes have died of is called alone among its kind, so that the
// third death shows whose fault it is. Under the run's lock. OFFSET 0 keeps the texts a look-up each: without
// statistics of a run just begun the planner would rather read all of them.
constexpr Query kLease{"work.lease", R"(
  WITH run AS (
    SELECT next_prompt, total_prompts, last_fence FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')),
  mine AS (
    SELECT fence, prompts FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $3::uuid),
  held AS (SELECT coalesce((SELECT $6::int[] FROM mine WHERE fence = $7::bigint), '{}') AS prompts),
  pace AS (
    SELECT allowed, greatest(next_call_at, now() - interval '50 milliseconds') AS next_call_at, interval '1 minute' / nullif($5::int, 0) AS spacing
    FROM demo_endpoint_pace WHERE demo_session_id = $1),
  others AS (
    SELECT coalesce(sum(slots), 0)::int AS slots, count(*)::int AS workers FROM demo_run_leases
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner <> $3::uuid AND lease_until >= now()),
  granted AS (
    SELECT greatest(0, least(most - others.slots, (most + others.workers) / (others.workers + 1))) AS slots
    FROM others, (SELECT least($4::int, (SELECT allowed FROM pace)) AS most) AS bounds),
  forgotten AS (SELECT p AS prompt_id FROM mine, held, unnest(mine.prompts) AS p WHERE p <> ALL (held.prompts)),
  room AS (
    SELECT slots,
           greatest(0, least(slots - cardinality(held.prompts) - (SELECT count(*) FROM forgotten)::int,
                             (SELECT floor(extract(epoch FROM now() - next_call_at) / extract(epoch FROM spacing))::int + 1 FROM pace))) AS prompts
    FROM granted, held),
  returned AS (
    SELECT prompt_id, takeovers, is_free FROM demo_run_returned WHERE demo_session_id = $1 AND test_run_id = $2::uuid),
  suspect AS (
    SELECT min(prompt_id) AS prompt_id FROM returned
    WHERE takeovers >= 2 AND is_free AND NOT EXISTS (SELECT FROM returned WHERE takeovers >= 2 AND NOT is_free)),
  taken AS (
    UPDATE demo_run_returned SET is_free = false
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid
      AND prompt_id = ANY (ARRAY(SELECT prompt_id FROM returned
                                 WHERE is_free AND (takeovers < 2 OR prompt_id = (SELECT prompt_id FROM suspect))
                                 ORDER BY prompt_id LIMIT (SELECT prompts FROM room)))
    RETURNING prompt_id),
  fresh AS (
    SELECT prompt_id
    FROM run, room, (SELECT count(*)::int AS already FROM taken) AS t,
         generate_series(next_prompt, least(total_prompts, next_prompt + room.prompts - already - 1)) AS g (prompt_id)),
  leased AS (
    SELECT prompt_id FROM forgotten UNION ALL SELECT prompt_id FROM taken UNION ALL SELECT prompt_id FROM fresh),
  kept AS (
    INSERT INTO demo_run_leases (demo_session_id, test_run_id, owner, fence, slots, lease_until, prompts)
    SELECT $1, $2::uuid, $3::uuid, coalesce((SELECT fence FROM mine), last_fence + 1), slots, now() + interval '15 seconds',
           held.prompts || ARRAY(SELECT prompt_id FROM leased)
    FROM run, room, held
    ON CONFLICT (demo_session_id, test_run_id, owner) DO UPDATE
    SET slots = excluded.slots, lease_until = excluded.lease_until, prompts = excluded.prompts
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
  SELECT kept.fence, room.slots, (SELECT allowed < $4::int FROM pace) AS slowed,
         run.next_prompt + (SELECT count(*) FROM fresh) <= run.total_prompts
           OR (SELECT count(*) FROM returned WHERE is_free) > (SELECT count(*) FROM taken) AS more,
         extract(epoch FROM (SELECT next_call_at FROM drawn) - now())::float8 AS pause,
         l.prompt_id, coalesce(b.takeovers, 0) AS takeovers,
         p.prompt, p.category, p.difficulty, p.expected_answer, p.checks::text AS checks
  FROM run CROSS JOIN room CROSS JOIN kept LEFT JOIN leased l ON true LEFT JOIN returned b ON b.prompt_id = l.prompt_id
  LEFT JOIN LATERAL (
    SELECT * FROM demo_run_prompts WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND prompt_id = l.prompt_id OFFSET 0) p
    ON true
  ORDER BY l.prompt_id)"};

constexpr Query kRenew{"work.renew", R"(
  UPDATE demo_run_leases SET lease_until = now() + interval '15 seconds' WHERE owner = $1::uuid
  RETURNING demo_session_id, test_run_id::text AS test_run_id, fence)"};

// $2 is null for all runs.
constexpr Query kGiveBack{"work.give_back", R"(
  WITH mine AS (
    DELETE FROM demo_run_leases WHERE owner = $1::uuid AND ($2::uuid IS NULL OR test_run_id = $2::uuid)
    RETURNING demo_session_id, test_run_id, prompts)
  INSERT INTO demo_run_returned (demo_session_id, test_run_id, prompt_id)
  SELECT demo_session_id, test_run_id, prompt_id FROM mine, unnest(prompts) AS p (prompt_id)
  ON CONFLICT (demo_session_id, test_run_id, prompt_id) DO UPDATE SET is_free = true)"};

LeasedPrompt LeasedOf(const Row& row) {
  LeasedPrompt leased;
  leased.prompt_id = row.Get<int32_t>("prompt_id");
  leased.fence = row.Get<int64_t>("fence");
  leased.takeovers = row.Get<int32_t>("takeovers");
  leased.prompt.set_prompt(row.Get<std::string>("prompt"));
  if (auto category = row.Get<std::optional<std::string>>("category")) leased.prompt.set_category(*std::move(category));
  if (auto expected = row.Get<std::optional<std::string>>("expected_answer")) {
    leased.prompt.set_expected_answer(*std::move(expected));
  }
  if (const auto checks = row.Get<std::optional<std::string>>("checks")) ChecksFromJson(*checks, leased.prompt);
  leased.difficulty = DifficultyOf(row.Get<std::optional<std::string>>("difficulty"));
  return leased;
}

void TakeStored(const Rows& rows, const RunKey& run, std::vector<FinishedPrompt>& finished, WorkStore::Step& step) {
  std::map<int32_t, FinishedPrompt*> by_prompt;
  for (FinishedPrompt& prompt : finished) by_prompt[prompt.result.prompt_id()] = &prompt;
  for (const Row row : rows) {
    pb::Result& result = by_prompt.at(row.Get<int32_t>("prompt_id"))->result;
    result.set_test_run_id(run.test_run_id);
    result.set_sequence(row.Get<int64_t>("sequence"));
    *result.mutable_created_at() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.Get<absl::Time>("created_at")));
    step.stored.push_back(std::move(result));
  }
}

// A row for each prompt leased, or one without a prompt; none where the run has ended.
void TakeLeased(const Rows& rows, WorkStore::Step& step) {
  for (const Row row : rows) {
    step.fence = row.Get<int64_t>("fence");
    step.slots = row.Get<int32_t>("slots");
    step.slowed = row.Get<std::optional<bool>>("slowed").value_or(false);
    step.more = row.Get<bool>("more");
    step.pause = std::max(absl::ZeroDuration(), absl::Seconds(row.Get<std::optional<double>>("pause").value_or(0)));
    if (row.Get<std::optional<int32_t>>("prompt_id")) step.leased.push_back(LeasedOf(row));
  }
}

}  // namespace

Task<std::vector<RunKey>> WorkStore::RunsWithWork(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRunsWithWork));
  std::vector<RunKey> runs;
  for (const Row row : rows)
    runs.push_back({row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")});
  co_return runs;
}

Task<WorkStore::Step> WorkStore::Advance(Deadline deadline, RunKey run, Request request) {
  std::vector<FinishedPrompt>& finished = request.finished;
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(run.session));
  if (request.pace.throttled) {
    statements.push_back(SlowDown(run.session, request.concurrency, *request.pace.throttled));
  }
  if (request.pace.good > 0) statements.push_back(SpeedUp(run.session, request.concurrency, request.pace.good));
  if (request.per_minute > 0) statements.push_back(KeepCount(run.session));
  statements.push_back({kLock, Params(run.session, run.test_run_id)});
  if (request.take_over) statements.push_back({kTakeOver, Params(run.session, run.test_run_id, owner_)});
  const size_t stored_at = statements.size();
  if (!finished.empty()) {
    Params columns = ResultColumns(run.session, run.test_run_id, finished);
    columns.Add(owner_);
    statements.push_back({kStore, std::move(columns)});
  }
  const size_t leased_at = statements.size();
  if (request.wants_more) {
    statements.push_back({kLease, Params(run.session, run.test_run_id, owner_, request.concurrency, request.per_minute,
                                         request.held, request.fence)});
  }
  statements.push_back(AskRun(run.session, run.test_run_id));
  CO_TRY(const auto rows, co_await database_.RunAll(deadline, SessionScope(run.session), std::move(statements)));
  Step step;
  if (!RequireOpen(rows.front()).ok() || rows.back().empty()) {
    step.gone = true;
    co_return step;
  }
  step.run = RunOf(rows.back()[0]);
  if (!finished.empty()) TakeStored(rows[stored_at], run, finished, step);
  if (request.wants_more) TakeLeased(rows[leased_at], step);
  co_return step;
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
