#include "services/analytics/query/measure_sql.h"

#include <fmt/format.h>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string Percentile(double percentile, const std::string& value) {
  return fmt::format("percentile_cont({}::float8) WITHIN GROUP (ORDER BY {})", percentile / 100, value);
}

}  // namespace

std::string MeasureSql(pb::Measure measure, bool with_failures) {
  const MeasureRow& row = RowOf(measure);
  if (with_failures || row.population != Population::kSuccesses) return fmt::format("({})::float8", row.sql);
  return fmt::format("(CASE WHEN r.success THEN {} END)::float8", row.sql);
}

std::string FigureValueSql(const pb::Figure& figure, bool with_failures) {
  // What was spent was spent on failures too.
  const bool spent = figure.statistic() == pb::STATISTIC_SUM && RowOf(figure.measure()).unit == MeasureUnit::kTokens;
  return MeasureSql(figure.measure(), with_failures || spent);
}

std::string StatisticSql(const pb::Figure& figure, bool with_failures) {
  const std::string value = FigureValueSql(figure, with_failures);
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
      return Percentile(50, value);
    case pb::STATISTIC_PERCENTILE:
      return Percentile(figure.percentile(), value);
    case pb::STATISTIC_IQR:
      return fmt::format("({} - {})", Percentile(75, value), Percentile(25, value));
    case pb::STATISTIC_MIN:
      return fmt::format("min({})::float8", value);
    case pb::STATISTIC_MAX:
      return fmt::format("max({})::float8", value);
    case pb::STATISTIC_RANGE:
      return fmt::format("(max({0}) - min({0}))::float8", value);
    case pb::STATISTIC_STDDEV:
      return fmt::format("stddev_samp({})::float8", value);
    case pb::STATISTIC_VARIANCE:
      return fmt::format("var_samp({})::float8", value);
    default:
      return fmt::format("sum({})::float8", value);
  }
}

std::string CorrelationSql(pb::Measure one, pb::Measure other, bool with_failures) {
  return fmt::format("corr({}, {})", MeasureSql(one, with_failures), MeasureSql(other, with_failures));
}

}  // namespace ftl::analytics
