#include "services/analytics/metrics/run_metrics.h"

#include <string>
#include <string_view>
#include <vector>

#include <absl/strings/numbers.h>

#include "common/time/proto_time.h"
#include "services/analytics/metrics/interval.h"

namespace ftl::analytics {
namespace {

using finetunelab::analytics::v1::Metrics;

constexpr Query kMetrics{"metrics.of_scope", R"(
  SELECT (SELECT coalesce(sum(total_prompts), 0) FROM demo_batch_test_runs
          WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid)) AS total_prompts,
         count(*) FILTER (WHERE success) AS completed_prompts,
         count(*) FILTER (WHERE NOT success) AS failed_prompts,
         avg(latency_us) FILTER (WHERE success)::float8 AS avg_latency,
         min(latency_us) FILTER (WHERE success)::float8 AS min_latency,
         max(latency_us) FILTER (WHERE success)::float8 AS max_latency,
         (percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_us) FILTER (WHERE success))::text[]
           AS latency_percentiles,
         avg(ttft_us) FILTER (WHERE success)::float8 AS avg_ttft,
         min(ttft_us) FILTER (WHERE success)::float8 AS min_ttft,
         max(ttft_us) FILTER (WHERE success)::float8 AS max_ttft,
         (percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY ttft_us) FILTER (WHERE success))::text[]
           AS ttft_percentiles,
         coalesce(sum(input_tokens), 0)::bigint AS total_input_tokens,
         coalesce(sum(output_tokens), 0)::bigint AS total_output_tokens,
         avg(response_chars) FILTER (WHERE success)::float8 AS avg_response_length,
         avg(output_tokens) FILTER (WHERE success)::float8 AS avg_output_tokens,
         (sum(output_tokens) FILTER (WHERE success AND latency_us > 0)
          / (nullif(sum(latency_us) FILTER (WHERE success AND output_tokens IS NOT NULL), 0) / 1e6))::float8
           AS output_tokens_per_second,
         coalesce(sum(checks_passed), 0)::bigint AS checks_passed,
         coalesce(sum(checks_failed), 0)::bigint AS checks_failed,
         coalesce(bool_or(tokens_estimated), false) AS tokens_estimated,
         count(*) FILTER (WHERE outcome IN ('length_empty', 'empty', 'reasoning_only') OR response_chars = 0)
           AS answers_without_text,
         (SELECT min(started_at) FROM demo_batch_test_runs
          WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid)) AS started_at,
         (SELECT CASE WHEN bool_and(completed_at IS NOT NULL) THEN max(completed_at) END FROM demo_batch_test_runs
          WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid)) AS completed_at,
         (SELECT CASE WHEN bool_and(completed_at IS NOT NULL)
                      THEN extract(epoch FROM sum(completed_at - started_at)) * 1e6 END::float8
          FROM demo_batch_test_runs WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid)) AS duration,
         ARRAY (SELECT coalesce(error_type, 'unknown') || ' ' || count(*) FROM demo_batch_test_results
                WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR test_run_id = $2::uuid)
                  AND ($3::bigint IS NULL OR sequence <= $3 OR test_run_id::text <> nullif($4::text, '')) AND NOT success
                GROUP BY coalesce(error_type, 'unknown')) AS errors
  FROM demo_batch_test_results
  WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR test_run_id = $2::uuid) AND ($3::bigint IS NULL OR sequence <= $3 OR test_run_id::text <> nullif($4::text, '')))"};

google::protobuf::Duration SpanOf(double micros) { return ToProto(absl::Microseconds(micros)); }

template <typename Mutable>
void GiveSpan(const Row& row, std::string_view column, Mutable mutable_span) {
  if (const auto micros = row.Get<std::optional<double>>(column)) *mutable_span() = SpanOf(*micros);
}

// p50, p90, p95 and p99 in microseconds; empty where nothing was measured.
std::vector<double> Percentiles(const Row& row, std::string_view column) {
  std::vector<double> values;
  if (row.IsNull(column)) return values;
  for (const std::string& text : row.Get<std::vector<std::string>>(column)) {
    double value = 0;
    if (!absl::SimpleAtod(text, &value)) return {};
    values.push_back(value);
  }
  return values;
}

}  // namespace

Statement AskMetrics(const RunScope& scope, std::optional<int64_t> up_to_sequence, const std::string& up_to_run_id) {
  return {kMetrics, Params(scope.session, scope.run, up_to_sequence, up_to_run_id)};
}

Metrics MetricsOf(const Rows& rows) {
  const Row row = rows.Only();
  Metrics metrics;
  metrics.set_total_prompts(static_cast<int32_t>(row.Get<int64_t>("total_prompts")));
  metrics.set_completed_prompts(static_cast<int32_t>(row.Get<int64_t>("completed_prompts")));
  metrics.set_failed_prompts(static_cast<int32_t>(row.Get<int64_t>("failed_prompts")));
  const int32_t results = metrics.completed_prompts() + metrics.failed_prompts();
  if (results > 0) {
    metrics.set_success_rate(100.0 * metrics.completed_prompts() / results);
    const Interval interval = WilsonInterval(metrics.completed_prompts(), results);
    metrics.mutable_success_interval()->set_low(100 * interval.low);
    metrics.mutable_success_interval()->set_high(100 * interval.high);
  }
  GiveSpan(row, "avg_latency", [&] { return metrics.mutable_avg_latency(); });
  GiveSpan(row, "min_latency", [&] { return metrics.mutable_min_latency(); });
  GiveSpan(row, "max_latency", [&] { return metrics.mutable_max_latency(); });
  if (const auto latency = Percentiles(row, "latency_percentiles"); latency.size() == 4) {
    *metrics.mutable_p50_latency() = SpanOf(latency[0]);
    *metrics.mutable_p90_latency() = SpanOf(latency[1]);
    *metrics.mutable_p95_latency() = SpanOf(latency[2]);
    *metrics.mutable_p99_latency() = SpanOf(latency[3]);
  }
  GiveSpan(row, "avg_ttft", [&] { return metrics.mutable_avg_ttft(); });
  GiveSpan(row, "min_ttft", [&] { return metrics.mutable_min_ttft(); });
  GiveSpan(row, "max_ttft", [&] { return metrics.mutable_max_ttft(); });
  if (const auto ttft = Percentiles(row, "ttft_percentiles"); ttft.size() == 4) {
    *metrics.mutable_p50_ttft() = SpanOf(ttft[0]);
    *metrics.mutable_p90_ttft() = SpanOf(ttft[1]);
    *metrics.mutable_p95_ttft() = SpanOf(ttft[2]);
    *metrics.mutable_p99_ttft() = SpanOf(ttft[3]);
  }
  metrics.set_total_input_tokens(row.Get<int64_t>("total_input_tokens"));
  metrics.set_total_output_tokens(row.Get<int64_t>("total_output_tokens"));
  if (const auto mean = row.Get<std::optional<double>>("avg_response_length")) metrics.set_avg_response_length(*mean);
  if (const auto mean = row.Get<std::optional<double>>("avg_output_tokens")) metrics.set_avg_output_tokens(*mean);
  if (const auto rate = row.Get<std::optional<double>>("output_tokens_per_second")) {
    metrics.set_output_tokens_per_second(*rate);
  }
  for (const std::string& error : row.Get<std::vector<std::string>>("errors")) {
    int32_t count = 0;
    const size_t space = error.rfind(' ');
    if (absl::SimpleAtoi(error.substr(space + 1), &count)) {
      metrics.mutable_errors_by_type()->insert({error.substr(0, space), count});
    }
  }
  metrics.set_checks_passed(static_cast<int32_t>(row.Get<int64_t>("checks_passed")));
  metrics.set_checks_failed(static_cast<int32_t>(row.Get<int64_t>("checks_failed")));
  metrics.set_tokens_estimated(row.Get<bool>("tokens_estimated"));
  metrics.set_n(results);
  metrics.set_percentile_method("linear");
  metrics.set_answers_without_text(static_cast<int32_t>(row.Get<int64_t>("answers_without_text")));
  if (const auto moment = row.Get<std::optional<absl::Time>>("started_at")) {
    *metrics.mutable_started_at() = ToProto(*moment);
  }
  if (const auto moment = row.Get<std::optional<absl::Time>>("completed_at")) {
    *metrics.mutable_completed_at() = ToProto(*moment);
  }
  GiveSpan(row, "duration", [&] { return metrics.mutable_duration(); });
  if (const auto micros = row.Get<std::optional<double>>("duration"); micros && *micros > 0) {
    metrics.set_requests_per_second(results / (*micros / 1e6));
  }
  return metrics;
}

}  // namespace ftl::analytics
