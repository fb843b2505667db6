#include "services/analytics/planner/query_words.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include "common/proto/enum_word.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string FigureWords(pb::Statistic statistic, pb::Measure measure, double percentile) {
  const std::string word = statistic == pb::STATISTIC_PERCENTILE ? fmt::format("p{}", percentile) : EnumWord(statistic);
  return measure ? fmt::format("{} {}", word, EnumWord(measure)) : word;
}

std::string FilterWords(const pb::Filter& filter) {
  static constexpr const char* kSigns[] = {"?", "=", "!=", "<", "<=", ">", ">=", " between ", "~", "!~", " in "};
  std::string value = filter.text();
  if (filter.has_than()) {
    return fmt::format("{}{}{}", EnumWord(filter.field()), kSigns[filter.comparison()],
                       FigureWords(filter.than(), pb::MEASURE_UNSPECIFIED, filter.number()));
  }
  if (filter.has_number()) value = fmt::format("{}", filter.number());
  if (filter.has_number_to()) value += fmt::format("..{}", filter.number_to());
  if (filter.numbers_size() > 0) value = absl::StrJoin(filter.numbers(), "/");
  if (filter.texts_size() > 0) value = absl::StrJoin(filter.texts(), "/");
  return fmt::format("{}{}{}", EnumWord(filter.field()), kSigns[filter.comparison()], value);
}

}  // namespace

std::string QueryWords(const pb::Query& query) {
  if (query.presentation() == pb::PRESENTATION_EXPORT) return "export " + query.export_format();
  std::string words = FigureWords(query.statistic(), query.measure(), query.percentile());
  for (const pb::Figure& figure : query.also()) {
    words += " + " + FigureWords(figure.statistic(), figure.measure(), figure.percentile());
  }
  std::vector<std::string> filters;
  for (const pb::Filter& filter : query.filters()) filters.push_back(FilterWords(filter));
  if (!filters.empty()) words += " | " + absl::StrJoin(filters, ", ");
  if (query.group_by()) words += " | by " + EnumWord(query.group_by());
  if (query.order()) words += query.order() == pb::ORDER_DESCENDING ? " | desc" : " | asc";
  if (query.has_limit()) words += fmt::format(" | {}", query.limit());
  if (query.presentation()) words += " | " + EnumWord(query.presentation());
  if (query.all_runs()) words += " | all runs";
  if (query.explain()) words += " | why";
  return words;
}

}  // namespace ftl::analytics
