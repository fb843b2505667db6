#include "services/analytics/query/measure_sql.h"

#include <string_view>

#include <fmt/format.h>

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string_view RawValue(pb::Measure measure) {
  switch (measure) {
    case pb::MEASURE_LATENCY:
      return "r.latency_us / 1000.0";
    case pb::MEASURE_TTFT:
      return "r.ttft_us / 1000.0";
    case pb::MEASURE_ITL:
      return "r.itl_mean_us / 1000.0";
    case pb::MEASURE_INPUT_TOKENS:
      return "r.input_tokens";
    case pb::MEASURE_OUTPUT_TOKENS:
      return "r.output_tokens";
    case pb::MEASURE_TOTAL_TOKENS:
      return "CASE WHEN r.input_tokens IS NOT NULL OR r.output_tokens IS NOT NULL "
             "THEN coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0) END";
    case pb::MEASURE_RESPONSE_CHARACTERS:
    case pb::MEASURE_RESPONSE_LENGTH:
      return "r.response_chars";
    case pb::MEASURE_RESPONSE_WORDS:
      return "r.response_words";
    case pb::MEASURE_TOKENS_PER_SECOND:
      return "r.output_tokens * 1e6 / nullif(r.latency_us, 0)";
    case pb::MEASURE_SUCCESS:
      return "r.success::int";
    case pb::MEASURE_ATTEMPTS:
      return "r.attempts";
    case pb::MEASURE_CHECKS:
      return "CASE WHEN r.checks_passed + r.checks_failed > 0 THEN (r.checks_failed = 0)::int END";
    default:
      return "1";
  }
}

bool IsOfSuccesses(pb::Measure measure) {
  return measure != pb::MEASURE_SUCCESS && measure != pb::MEASURE_ATTEMPTS && measure != pb::MEASURE_CHECKS &&
         measure != pb::MEASURE_RESULTS;
}

bool IsTokens(pb::Measure measure) {
  return measure == pb::MEASURE_INPUT_TOKENS || measure == pb::MEASURE_OUTPUT_TOKENS ||
         measure == pb::MEASURE_TOTAL_TOKENS;
}

}  // namespace

std::string MeasureSql(pb::Measure measure, bool with_failures) {
  const std::string_view raw = RawValue(measure);
  if (with_failures || !IsOfSuccesses(measure)) return fmt::format("({})::float8", raw);
  return fmt::format("(CASE WHEN r.success THEN {} END)::float8", raw);
}

std::string StatisticSql(const pb::Figure& figure, bool with_failures) {
  // What was spent was spent on failures too.
  const bool spent = figure.statistic() == pb::STATISTIC_SUM && IsTokens(figure.measure());
  const std::string value = MeasureSql(figure.measure(), with_failures || spent);
  switch (figure.statistic()) {
    case pb::STATISTIC_MEAN:
      if (figure.measure() == pb::MEASURE_TOKENS_PER_SECOND) {
        // Over all of them, so that a long answer weighs more than a short one: tokens over summed latency.
        return "(sum(r.output_tokens) FILTER (WHERE r.success AND r.latency_us > 0) * 1e6 / "
               "nullif(sum(r.latency_us) FILTER (WHERE r.success AND r.output_tokens IS NOT NULL), 0))::float8";
      }
      return fmt::format("avg({})::float8", value);
    case pb::STATISTIC_SHARE:
      return fmt::format("avg({})::float8", value);
    case pb::STATISTIC_MEDIAN:
      return fmt::format("percentile_cont(0.5) WITHIN GROUP (ORDER BY {})", value);
    case pb::STATISTIC_PERCENTILE:
      return fmt::format("percentile_cont({}::float8) WITHIN GROUP (ORDER BY {})", figure.percentile() / 100, value);
    case pb::STATISTIC_MIN:
      return fmt::format("min({})::float8", value);
    case pb::STATISTIC_MAX:
      return fmt::format("max({})::float8", value);
    case pb::STATISTIC_STDDEV:
      return fmt::format("stddev_samp({})::float8", value);
    default:
      return fmt::format("sum({})::float8", value);
  }
}

}  // namespace ftl::analytics
