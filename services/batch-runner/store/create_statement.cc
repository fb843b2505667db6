#include "services/batch-runner/store/create_statement.h"

#include <vector>

#include "common/json/message_json.h"
#include "common/session/session_state.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/suite_row.h"

namespace ftl::batch_runner {
namespace {

// $1 session, $2 run, $3 suite's id, $4 its name, $5 model's name; the prompts: $6 difficulty of all, $7 texts, $8
// categories, $9 expected answers, $10 checks, $11 messages; $12 config, $13 our version, $14 parameters as asked, $15
// idempotency key, $16 its digest, $17 traceparent; $18 who leases the first prompts, or null, $19 calls, $20 prompts.
//
// The manifest is what a repeat of the run would need, and digests to see whether two runs were the same: of the
// prompts (SHA-256 of their JSON arrays [prompt, expected_answer, checks], with the messages of a conversation, a line
// each), and of the manifest without its own.
constexpr Query kCreateRun{"run.create", R"(
  WITH prompts AS MATERIALIZED (
    SELECT position::int AS prompt_id, prompt, category, expected_answer, checks, messages
    FROM unnest($7::text[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[]) WITH ORDINALITY
         AS p (prompt, category, expected_answer, checks, messages, position)),
  suite AS (
    SELECT count(*)::int AS prompts,
           encode(sha256(convert_to(string_agg((jsonb_build_array(prompt, expected_answer, checks)
                                                || CASE WHEN messages IS NULL THEN '[]' ELSE jsonb_build_array(messages) END)::text, E'\n'
                                               ORDER BY prompt_id), 'UTF8')), 'hex') AS digest
    FROM prompts),
  described AS (
    SELECT prompts, jsonb_build_object(
             'version', $13::text,
             'suite', jsonb_build_object('id', $3::uuid, 'name', $4::text, 'prompts', prompts, 'sha256', digest),
             'model', jsonb_build_object('id', model_id, 'name', $5::text, 'provider', provider,
                                         'endpoint', endpoint_origin, 'capabilities', capabilities),
             'parameters', $14::jsonb) AS manifest
    FROM suite, demo_model_configs WHERE session_id = $1 AND )" FTL_SESSION_STATE("$1") R"( = 'open'),
  asks AS MATERIALIZED (SELECT $18::uuid AS owner, $19::int AS calls, $20::int AS prompts),
  run AS (
    INSERT INTO demo_batch_test_runs (demo_session_id, demo_user_id, id, test_suite_id, test_suite_name, model_name, total_prompts,
                                      config, manifest, idempotency_key, idempotency_digest, traceparent,
                                      status, started_at, next_prompt, last_fence)
    SELECT $1, $1, $2::uuid, $3::uuid, $4::text, $5::text, d.prompts, $12::jsonb,
           manifest || jsonb_build_object('sha256', encode(sha256(convert_to(manifest::text, 'UTF8')), 'hex')), $15, $16, $17,
           CASE WHEN owner IS NULL THEN 'pending' ELSE 'running' END, CASE WHEN owner IS NOT NULL THEN now() END,
           asks.prompts + 1, CASE WHEN owner IS NULL THEN 0 ELSE 1 END
    FROM described d, asks
    RETURNING demo_session_id, id, total_prompts),
  leased AS (
    INSERT INTO demo_run_leases (demo_session_id, test_run_id, owner, fence, slots, lease_until, prompts, claimed)
    SELECT demo_session_id, id, owner, 1, calls, now() + interval '15 seconds',
           ARRAY(SELECT generate_series(1, least(calls, prompts))),
           int4multirange(int4range(least(calls, prompts) + 1, prompts + 1))
    FROM run, asks WHERE owner IS NOT NULL),
  recorded AS (
    INSERT INTO audit_log (event, demo_session_id, details)
    SELECT 'run_started', demo_session_id,
           jsonb_build_object('run_hash', encode(sha256(uuid_send(id)), 'hex'), 'prompts', total_prompts)
    FROM run)
  INSERT INTO demo_run_prompts (demo_session_id, test_run_id, prompt_id, prompt, category, difficulty, expected_answer, checks,
                                messages)
  SELECT demo_session_id, id, prompt_id, prompt, category, $6, expected_answer, checks, messages FROM run, prompts)"};

std::optional<std::string_view> AbsentIfEmpty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Statement CreateRun(const NewRun& run) {
  const RunPlan& plan = run.plan;
  std::vector<std::string> prompts;
  std::vector<std::optional<std::string>> categories;
  std::vector<std::optional<std::string>> expected_answers;
  std::vector<std::optional<std::string>> checks;
  std::vector<std::optional<std::string>> messages;
  for (const pb::Prompt& prompt : plan.prompts) {
    prompts.push_back(prompt.prompt());
    categories.push_back(prompt.has_category() ? std::optional(prompt.category()) : std::nullopt);
    expected_answers.push_back(prompt.has_expected_answer() ? std::optional(prompt.expected_answer()) : std::nullopt);
    checks.push_back(prompt.checks().empty() ? std::nullopt : std::optional(ChecksToJson(prompt)));
    messages.push_back(prompt.messages().empty() ? std::nullopt : std::optional(MessagesToJson(prompt)));
  }
  std::string as_asked;
  WriteMessage(plan.parameters, as_asked);
  const auto owner = run.first ? std::optional(run.first->owner) : std::nullopt;
  const int32_t calls = run.first ? run.first->slots : 0;
  const int32_t first_prompts = run.first ? run.first->count : 0;
  return {kCreateRun,
          Params(run.session, run.id, plan.suite_id, plan.suite_name, run.model_name, DifficultyWord(plan.difficulty),
                 prompts, categories, expected_answers, checks, messages, ParametersToJson(plan.parameters),
                 FTL_VERSION, as_asked, AbsentIfEmpty(run.idempotency.key), AbsentIfEmpty(run.idempotency.digest),
                 AbsentIfEmpty(run.traceparent), owner, calls, first_prompts)};
}

}  // namespace ftl::batch_runner
