#include "services/analytics/semantics/column.h"

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

std::string MeasureColumn(pb::Measure measure) {
  const std::string_view column = RowOf(measure).column;
  return std::string(column.empty() ? "prompts" : column);
}

std::string FigureColumn(const pb::Figure& figure) {
  const std::string measure = MeasureColumn(figure.measure());
  switch (figure.statistic()) {
    case pb::STATISTIC_MEAN:
      return figure.measure() == pb::MEASURE_TOKENS_PER_SECOND ? measure : "avg_" + measure;
    case pb::STATISTIC_MEDIAN:
      return "p50_" + measure;
    case pb::STATISTIC_PERCENTILE:
      return fmt::format("p{:g}_{}", figure.percentile(), measure);
    case pb::STATISTIC_MIN:
      return "min_" + measure;
    case pb::STATISTIC_MAX:
      return "max_" + measure;
    case pb::STATISTIC_SUM:
      return figure.measure() == pb::MEASURE_TOTAL_TOKENS ? measure : "total_" + measure;
    case pb::STATISTIC_SHARE:
      return figure.measure() == pb::MEASURE_RESULTS ? "share_percent" : measure;
    case pb::STATISTIC_COUNT:
      return figure.measure() == pb::MEASURE_RESULTS ? "count" : "count_" + measure;
    default:
      return EnumWord(figure.statistic()) + "_" + measure;
  }
}

}  // namespace ftl::analytics
