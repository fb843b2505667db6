#include "services/export/store/report_rows.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <google/protobuf/util/json_util.h>

#include "common/error/try.h"
#include "common/result/result_row.h"
#include "common/session/session_gate.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

// More points than this make no chart clearer.
constexpr int kMostCalls = 1500;

// $1 session, $2 run, $3 last sequence.
#define FTL_OF_RUN "FROM demo_batch_test_results WHERE demo_session_id = $1 AND test_run_id = $2 AND sequence <= $3 "

// The results that `ids` chooses, with their texts cut where no page would show more of them. The array is made first,
// so that texts are read of the chosen alone, by the key, whatever the planner knows of the table.
// clang-format off
#define FTL_SHOWN_RESULTS(ids, order)                                                                                  \
  "SELECT " FTL_RESULT_COLUMNS ", r.prompt_chars, r.response_chars FROM ("                                             \
  "SELECT p.prompt_id, p.test_run_id, p.sequence, left(p.prompt, 1500) AS prompt, "                                    \
  "char_length(p.prompt) AS prompt_chars, p.category, p.difficulty, left(p.response, 6000) AS response, "              \
  "coalesce(p.response_chars, 0) AS response_chars, p.success, p.outcome, left(p.error, 600) AS error, p.error_type, " \
  "p.http_status, p.model_id, p.finish_reason, p.attempts, p.latency_us, p.ttft_us, p.ttfa_us, p.itl_mean_us, "        \
  "p.tpot_us, p.dns_us, p.connect_us, p.tls_us, p.wait_us, p.stream_us, p.total_us, p.client_lag_us, p.buffered, "     \
  "p.input_tokens, p.output_tokens, p.reasoning_tokens, p.cached_tokens, p.tokens_estimated, p.checks, p.created_at "  \
  "FROM demo_batch_test_results p WHERE p.demo_session_id = $1 AND p.test_run_id = $2 AND p.sequence <= $3 "           \
  "AND p.prompt_id = ANY (ARRAY (" ids "))) r ORDER BY " order
// clang-format on

constexpr Query kSlowest{"report.slowest",
                         FTL_SHOWN_RESULTS("SELECT prompt_id " FTL_OF_RUN
                                           "AND success ORDER BY latency_us DESC NULLS LAST, prompt_id LIMIT 5",
                                           "r.latency_us DESC NULLS LAST, r.prompt_id")};
constexpr Query kFastest{
    "report.fastest",
    FTL_SHOWN_RESULTS("SELECT prompt_id " FTL_OF_RUN "AND success ORDER BY latency_us NULLS LAST, prompt_id LIMIT 5",
                      "r.latency_us NULLS LAST, r.prompt_id")};
// The first answer of each category, so that samples show what there is.
constexpr Query kSamples{"report.samples",
                         FTL_SHOWN_RESULTS("SELECT min(prompt_id) " FTL_OF_RUN "AND success AND response <> '' "
                                           "GROUP BY category ORDER BY min(prompt_id) LIMIT 4",
                                           "r.prompt_id")};
constexpr Query kFailedChecks{
    "report.failed_checks",
    FTL_SHOWN_RESULTS("SELECT prompt_id " FTL_OF_RUN "AND checks_failed > 0 ORDER BY prompt_id LIMIT 20",
                      "r.prompt_id")};
constexpr Query kListed{
    "report.listed", FTL_SHOWN_RESULTS("SELECT prompt_id " FTL_OF_RUN "ORDER BY prompt_id LIMIT 200", "r.prompt_id")};

constexpr Query kCalls{"report.calls", R"(
  SELECT prompt_id, success, latency_us, ttft_us, output_tokens FROM demo_batch_test_results
  WHERE demo_session_id = $1 AND test_run_id = $2 AND sequence <= $3 AND (prompt_id - 1) % $4 = 0 ORDER BY prompt_id)"};

constexpr Query kCategories{"report.categories", R"(
  SELECT coalesce(category, '') AS category, count(*) AS results, count(*) FILTER (WHERE success) AS successes,
         sum(checks_passed) AS checks_passed, sum(checks_failed) AS checks_failed
  FROM demo_batch_test_results WHERE demo_session_id = $1 AND test_run_id = $2 AND sequence <= $3
  GROUP BY 1 ORDER BY min(prompt_id) LIMIT 60)"};

constexpr Query kErrors{"report.errors", R"(
  SELECT coalesce(error_type, 'unknown') AS error_type, coalesce(outcome, '') AS outcome, count, first AS prompt_id,
         coalesce((SELECT left(p.error, 600) FROM demo_batch_test_results p
                   WHERE p.demo_session_id = $1 AND p.test_run_id = $2 AND p.prompt_id = first), '') AS words
  FROM (SELECT error_type, outcome, count(*) AS count, min(prompt_id) AS first
        FROM demo_batch_test_results
        WHERE demo_session_id = $1 AND test_run_id = $2 AND sequence <= $3 AND NOT success
        GROUP BY error_type, outcome) AS kinds
  ORDER BY count DESC, first)"};

constexpr Query kManifest{"report.manifest", R"(
  SELECT manifest::text AS manifest FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid)"};

std::optional<double> InMilliseconds(std::optional<int64_t> micros) {
  if (!micros) return std::nullopt;
  return static_cast<double>(*micros) / 1000;
}

std::vector<ShownResult> ShownIn(const Rows& rows) {
  std::vector<ShownResult> shown;
  shown.reserve(rows.size());
  for (const Row row : rows) {
    shown.push_back({ResultOf(row), row.Get<int32_t>("prompt_chars"), row.Get<int32_t>("response_chars")});
  }
  return shown;
}

TimedCall CallOf(const Row& row) {
  return {.prompt_id = row.Get<int32_t>("prompt_id"),
          .success = row.Get<bool>("success"),
          .latency_ms = InMilliseconds(row.Get<std::optional<int64_t>>("latency_us")),
          .ttft_ms = InMilliseconds(row.Get<std::optional<int64_t>>("ttft_us")),
          .output_tokens = row.Get<std::optional<int32_t>>("output_tokens")};
}

CategoryCounts CountsOf(const Row& row) {
  return {.category = row.Get<std::string>("category"),
          .results = row.Get<int64_t>("results"),
          .successes = row.Get<int64_t>("successes"),
          .checks_passed = row.Get<int64_t>("checks_passed"),
          .checks_failed = row.Get<int64_t>("checks_failed")};
}

ErrorExample ErrorOf(const Row& row) {
  return {.error_type = row.Get<std::string>("error_type"),
          .outcome = row.Get<std::string>("outcome"),
          .count = row.Get<int64_t>("count"),
          .prompt_id = row.Get<int32_t>("prompt_id"),
          .words = row.Get<std::string>("words")};
}

}  // namespace

Task<RunRows> ChooseRows(Database& database, Deadline deadline, std::string session, const runner::Run& run) {
  RunRows chosen;
  chosen.call_step = 1 + (std::max(run.total_prompts(), 1) - 1) / kMostCalls;
  const auto of_run = [&](const Query& query) {
    return Statement{query, Params(session, run.id(), run.last_sequence())};
  };
  std::vector<Statement> statements = {AskSessionState(session), of_run(kSlowest),      of_run(kFastest),
                                       of_run(kSamples),         of_run(kFailedChecks), of_run(kListed),
                                       of_run(kCategories),      of_run(kErrors)};
  statements.push_back({kCalls, Params(session, run.id(), run.last_sequence(), chosen.call_step)});
  statements.push_back({kManifest, Params(session, run.id())});
  CO_TRY(const std::vector<Rows> rows,
         co_await database.RunAll(deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  chosen.slowest = ShownIn(rows[1]);
  chosen.fastest = ShownIn(rows[2]);
  chosen.samples = ShownIn(rows[3]);
  chosen.failed_checks = ShownIn(rows[4]);
  chosen.listed = ShownIn(rows[5]);
  for (const Row row : rows[6]) chosen.categories.push_back(CountsOf(row));
  for (const Row row : rows[7]) chosen.errors.push_back(ErrorOf(row));
  for (const Row row : rows[8]) chosen.calls.push_back(CallOf(row));
  for (const Row row : rows[9]) {
    (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("manifest"), &chosen.manifest);
  }
  co_return chosen;
}

}  // namespace ftl::exporter
