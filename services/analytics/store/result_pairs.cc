#include "services/analytics/store/result_pairs.h"

namespace ftl::analytics {
namespace {

constexpr Query kPairs{"compare.pairs", R"(
  SELECT o.prompt_id, coalesce(o.category, '') AS category, b.success AS base_success, o.success AS other_success,
         b.checks_failed = 0 AS base_checks, o.checks_failed = 0 AS other_checks,
         b.checks_passed + b.checks_failed > 0 AND o.checks_passed + o.checks_failed > 0 AS both_checked,
         (CASE WHEN b.success AND o.success THEN o.latency_us - b.latency_us END / 1000.0)::float8 AS latency_ms,
         (CASE WHEN b.success AND o.success THEN o.ttft_us - b.ttft_us END / 1000.0)::float8 AS ttft_ms,
         (CASE WHEN b.success AND o.success THEN o.output_tokens - b.output_tokens END)::float8 AS output_tokens
  FROM demo_batch_test_results b
  JOIN demo_batch_test_results o
    ON o.demo_session_id = $1 AND o.test_run_id = $3::uuid AND o.prompt_id = b.prompt_id AND o.prompt = b.prompt
  WHERE b.demo_session_id = $1 AND b.test_run_id = $2::uuid
    AND ($4::bigint IS NULL OR ((b.test_run_id::text <> $5 OR b.sequence <= $4)
                                AND (o.test_run_id::text <> $5 OR o.sequence <= $4)))
  ORDER BY o.prompt_id)"};
constexpr Query kHasBase{"compare.has_base", R"(
  SELECT EXISTS (SELECT 1 FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid) AS there)"};

}  // namespace

Statement AskPairs(const RunPair& runs) {
  return {kPairs, Params(runs.session, runs.base, runs.other, runs.up_to_sequence, runs.up_to_run_id)};
}

std::vector<ResultPair> PairsOf(const Rows& rows) {
  std::vector<ResultPair> pairs;
  pairs.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) {
    ResultPair pair;
    pair.prompt_id = row.Get<int32_t>("prompt_id");
    pair.category = row.Get<std::string>("category");
    pair.base_success = row.Get<bool>("base_success");
    pair.other_success = row.Get<bool>("other_success");
    if (row.Get<bool>("both_checked")) {
      pair.base_checks = row.Get<bool>("base_checks");
      pair.other_checks = row.Get<bool>("other_checks");
    }
    pair.latency_ms = row.Get<std::optional<double>>("latency_ms");
    pair.ttft_ms = row.Get<std::optional<double>>("ttft_ms");
    pair.output_tokens = row.Get<std::optional<double>>("output_tokens");
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

Statement AskWhetherBaseIsThere(const RunPair& runs) { return {kHasBase, Params(runs.session, runs.base)}; }

}  // namespace ftl::analytics
