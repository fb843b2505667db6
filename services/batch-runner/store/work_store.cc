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

// Every result whose prompt is still held under its fence is stored; the run's lock orders them.
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
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') FOR UPDATE),
  taken AS (
    DELETE FROM demo_run_leases l USING arrived a, run
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.prompt_id = a.prompt_id AND l.fence = a.fence
    RETURNING l.prompt_id),
  numbered AS (
    SELECT a.*, run.last_sequence + row_number() OVER (ORDER BY a.position) AS sequence
    FROM arrived a JOIN taken USING (prompt_id), run),
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

// The run's lock keeps two processes from leasing the same prompt, or past the concurrency together. Prompts that were
// given back or whose holder died come first; they are never leased ahead, so that one that kills its workers is found
// out.
constexpr Query kLease{"work.lease", R"(
  WITH run AS (
    SELECT next_prompt, total_prompts FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') FOR UPDATE),
  pace AS (
    SELECT allowed, greatest(next_call_at, now() - interval '50 milliseconds') AS next_call_at, interval '1 minute' / nullif($5::int, 0) AS spacing
    FROM demo_endpoint_pace WHERE demo_session_id = $1),
  others AS (
    SELECT coalesce(sum(slots), 0)::int AS slots, count(*)::int AS workers FROM demo_run_workers
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner <> $3::uuid AND lease_until >= now()),
  granted AS (
    SELECT greatest(0, least(most - others.slots, (most + others.workers) / (others.workers + 1))) AS slots
    FROM others, (SELECT least($4::int, (SELECT allowed FROM pace)) AS most) AS bounds),
  room AS (
    SELECT slots, slots - cardinality($6::int[]) AS free,
           greatest(0, least(slots * $7::int - cardinality($6::int[]),
                             (SELECT floor(extract(epoch FROM now() - next_call_at) / extract(epoch FROM spacing))::int + 1 FROM pace))) AS prompts
    FROM granted),
  left_over AS (
    SELECT l.prompt_id, (l.owner <> $3::uuid AND NOT l.ahead)::int AS died FROM demo_run_leases l, run
    WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND (l.owner IS NULL OR l.lease_until < now())
      AND l.prompt_id <> ALL ($6::int[])
    ORDER BY l.prompt_id LIMIT (SELECT prompts FROM room) FOR UPDATE OF l SKIP LOCKED),
  taken AS (
    UPDATE demo_run_leases l
    SET owner = $3::uuid, fence = l.fence + 1, lease_until = now() + interval '15 seconds', ahead = false,
        takeovers = l.takeovers + coalesce(left_over.died, 0)
    FROM left_over WHERE l.demo_session_id = $1 AND l.test_run_id = $2::uuid AND l.prompt_id = left_over.prompt_id
    RETURNING l.prompt_id, l.fence, l.takeovers),
  fresh AS (
    INSERT INTO demo_run_leases (demo_session_id, test_run_id, prompt_id, owner, lease_until, ahead)
    SELECT $1, $2::uuid, prompt_id, $3::uuid, now() + interval '15 seconds', place > room.free - already
    FROM run, room, (SELECT count(*)::int AS already FROM taken) AS t,
         generate_series(next_prompt, least(total_prompts, next_prompt + room.prompts - already - 1)) WITH ORDINALITY AS g (prompt_id, place)
    RETURNING prompt_id, fence, takeovers),
  leased AS (SELECT * FROM taken UNION ALL SELECT * FROM fresh),
  begun AS (
    UPDATE demo_batch_test_runs r
    SET next_prompt = r.next_prompt + (SELECT count(*) FROM fresh), status = 'running', started_at = coalesce(started_at, now())
    WHERE demo_session_id = $1 AND id = $2::uuid AND EXISTS (SELECT FROM leased)),
  joined AS (
    INSERT INTO demo_run_workers AS w (demo_session_id, test_run_id, owner, slots, lease_until)
    SELECT $1, $2::uuid, $3::uuid, slots, now() + interval '15 seconds' FROM room, run
    ON CONFLICT (demo_session_id, test_run_id, owner) DO UPDATE SET slots = excluded.slots, lease_until = excluded.lease_until
    WHERE w.slots <> excluded.slots OR w.lease_until < now() + interval '10 seconds'),
  drawn AS (
    UPDATE demo_endpoint_pace p SET next_call_at = pace.next_call_at + (SELECT count(*) FROM leased) * spacing
    FROM pace WHERE p.demo_session_id = $1 AND spacing IS NOT NULL
    RETURNING p.next_call_at)
  SELECT room.slots, (SELECT allowed < $4::int FROM pace) AS slowed,
         run.next_prompt + (SELECT count(*) FROM fresh) <= run.total_prompts AS more,
         extract(epoch FROM (SELECT next_call_at FROM drawn) - now())::float8 AS pause,
         l.prompt_id, l.fence, l.takeovers, p.prompt, p.category, p.difficulty, p.expected_answer, p.checks::text AS checks
  FROM run CROSS JOIN room LEFT JOIN leased l ON true
  LEFT JOIN demo_run_prompts p ON p.demo_session_id = $1 AND p.test_run_id = $2::uuid AND p.prompt_id = l.prompt_id
  ORDER BY l.prompt_id)"};

constexpr Query kRenew{"work.renew", R"(
  WITH workers AS (
    UPDATE demo_run_workers SET lease_until = now() + interval '15 seconds' WHERE owner = $1::uuid)
  UPDATE demo_run_leases l SET lease_until = now() + interval '15 seconds'
  FROM unnest($2::text[], $3::uuid[], $4::int[]) AS h (demo_session_id, test_run_id, prompt_id)
  WHERE l.demo_session_id = h.demo_session_id AND l.test_run_id = h.test_run_id AND l.prompt_id = h.prompt_id
    AND l.owner = $1::uuid
  RETURNING l.demo_session_id, l.test_run_id::text AS test_run_id, l.prompt_id)"};

constexpr Query kLeave{"work.leave", R"(
  DELETE FROM demo_run_workers WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner = $3::uuid)"};

constexpr Query kRelease{"work.release", R"(
  WITH workers AS (DELETE FROM demo_run_workers WHERE owner = $1::uuid)
  UPDATE demo_run_leases SET owner = NULL, lease_until = NULL, fence = fence + 1 WHERE owner = $1::uuid)"};

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
  const size_t stored_at = statements.size();
  if (!finished.empty()) statements.push_back({kStore, ResultColumns(run.session, run.test_run_id, finished)});
  const size_t leased_at = statements.size();
  if (request.wants_more) {
    statements.push_back({kLease, Params(run.session, run.test_run_id, owner_, request.concurrency, request.per_minute,
                                         request.held, request.ahead ? 2 : 1)});
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

Task<WorkStore::Held> WorkStore::Renew(Deadline deadline, Held held) {
  std::vector<std::string> sessions;
  std::vector<std::string> runs;
  std::vector<int64_t> prompt_ids;
  for (const auto& [run, prompts] : held) {
    sessions.insert(sessions.end(), prompts.size(), run.session);
    runs.insert(runs.end(), prompts.size(), run.test_run_id);
    prompt_ids.insert(prompt_ids.end(), prompts.begin(), prompts.end());
  }
  CO_TRY(const Rows rows,
         co_await database_.Run(deadline, SessionScope::None(), kRenew, Params(owner_, sessions, runs, prompt_ids)));
  Held kept;
  for (const Row row : rows) {
    kept[{row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")}].push_back(
        row.Get<int32_t>("prompt_id"));
  }
  co_return kept;
}

Task<> WorkStore::Leave(Deadline deadline, RunKey run) {
  CO_TRY(co_await database_.Run(deadline, SessionScope(run.session), kLeave,
                                Params(run.session, run.test_run_id, owner_)));
  co_return absl::OkStatus();
}

Task<> WorkStore::Release(Deadline deadline) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kRelease, Params(owner_)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
