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

constexpr Query kRunsWithWork{"work.runs", R"(
  SELECT DISTINCT demo_session_id, test_run_id::text AS test_run_id FROM demo_run_queue
  WHERE owner IS NULL OR lease_until < now() LIMIT 1000)"};

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
    DELETE FROM demo_run_queue q USING arrived a, run
    WHERE q.demo_session_id = $1 AND q.test_run_id = $2::uuid AND q.prompt_id = a.prompt_id AND q.fence = a.fence
    RETURNING q.prompt_id),
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

// The run's lock keeps two processes from leasing past the concurrency together.
constexpr Query kLease{"work.lease", R"(
  WITH run AS (
    SELECT id FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running') FOR UPDATE),
  room AS (
    SELECT greatest(0, least($4::int, $5::int - count(*)::int)) AS places FROM demo_run_queue
    WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND owner IS NOT NULL AND lease_until >= now()),
  next AS (
    SELECT q.prompt_id, q.owner IS NOT NULL AND q.owner <> $3::uuid AS was_held FROM demo_run_queue q, run
    WHERE q.demo_session_id = $1 AND q.test_run_id = $2::uuid AND (q.owner IS NULL OR q.lease_until < now())
    ORDER BY q.prompt_id LIMIT (SELECT places FROM room) FOR UPDATE OF q SKIP LOCKED),
  leased AS (
    UPDATE demo_run_queue q
    SET owner = $3::uuid, fence = q.fence + 1, lease_until = now() + interval '15 seconds', intent_at = now(),
        takeovers = q.takeovers + next.was_held::int
    FROM next WHERE q.demo_session_id = $1 AND q.test_run_id = $2::uuid AND q.prompt_id = next.prompt_id
    RETURNING q.prompt_id, q.fence, q.takeovers),
  begun AS (
    UPDATE demo_batch_test_runs SET status = 'running', started_at = now()
    WHERE demo_session_id = $1 AND id = $2::uuid AND status = 'pending' AND EXISTS (SELECT FROM leased))
  SELECT l.prompt_id, l.fence, l.takeovers, p.prompt, p.category, p.difficulty, p.expected_answer, p.checks::text AS checks
  FROM leased l JOIN demo_run_prompts p
    ON p.demo_session_id = $1 AND p.test_run_id = $2::uuid AND p.prompt_id = l.prompt_id
  ORDER BY l.prompt_id)"};

constexpr Query kRenew{"work.renew", R"(
  UPDATE demo_run_queue SET lease_until = now() + interval '15 seconds' WHERE owner = $1::uuid
  RETURNING demo_session_id, test_run_id::text AS test_run_id, prompt_id)"};

constexpr Query kRelease{"work.release", R"(
  UPDATE demo_run_queue SET owner = NULL, lease_until = NULL, intent_at = NULL, fence = fence + 1 WHERE owner = $1::uuid)"};

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

}  // namespace

Task<std::vector<RunKey>> WorkStore::RunsWithWork(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRunsWithWork));
  std::vector<RunKey> runs;
  for (const Row row : rows)
    runs.push_back({row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")});
  co_return runs;
}

Task<WorkStore::Step> WorkStore::Advance(Deadline deadline, RunKey run, std::vector<FinishedPrompt> finished,
                                         int wanted, int concurrency) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(run.session));
  if (!finished.empty()) statements.push_back({kStore, ResultColumns(run.session, run.test_run_id, finished)});
  if (wanted > 0) {
    statements.push_back({kLease, Params(run.session, run.test_run_id, owner_, wanted, concurrency)});
  }
  statements.push_back(AskRun(run.session, run.test_run_id));
  CO_TRY(const auto rows, co_await database_.RunAll(deadline, SessionScope(run.session), std::move(statements)));
  Step step;
  if (!RequireOpen(rows.front()).ok() || rows.back().empty()) {
    step.gone = true;
    co_return step;
  }
  step.run = RunOf(rows.back()[0]);
  size_t next = 1;
  if (!finished.empty()) {
    std::map<int32_t, FinishedPrompt*> by_prompt;
    for (FinishedPrompt& prompt : finished) by_prompt[prompt.result.prompt_id()] = &prompt;
    for (const Row row : rows[next++]) {
      pb::Result& result = by_prompt.at(row.Get<int32_t>("prompt_id"))->result;
      result.set_sequence(row.Get<int64_t>("sequence"));
      *result.mutable_created_at() =
          TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.Get<absl::Time>("created_at")));
      step.stored.push_back(std::move(result));
    }
  }
  if (wanted > 0) {
    for (const Row row : rows[next++]) step.leased.push_back(LeasedOf(row));
  }
  co_return step;
}

Task<std::vector<WorkStore::Held>> WorkStore::Renew(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kRenew, Params(owner_)));
  std::map<RunKey, std::vector<int32_t>> held;
  for (const Row row : rows) {
    held[{row.Get<std::string>("demo_session_id"), row.Get<std::string>("test_run_id")}].push_back(
        row.Get<int32_t>("prompt_id"));
  }
  std::vector<Held> runs;
  for (auto& [run, prompt_ids] : held) runs.push_back({run, std::move(prompt_ids)});
  co_return runs;
}

Task<> WorkStore::Release(Deadline deadline) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kRelease, Params(owner_)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
