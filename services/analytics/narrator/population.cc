#include "services/analytics/narrator/population.h"

#include <algorithm>

#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/query/filter_sql.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

bool AnyFilter(const pb::Query& query, bool (*is)(const pb::Filter& filter)) {
  return std::any_of(query.filters().begin(), query.filters().end(), is) ||
         std::any_of(query.among().begin(), query.among().end(), is);
}

}  // namespace

bool IsOfSuccesses(const pb::Query& query, const pb::Figure& figure) {
  if (AnyFilter(query, ChoosesOutcome)) return false;
  if (AnyFilter(query, MeansSuccesses)) return true;
  return RowOf(figure.measure()).population == Population::kSuccesses && figure.statistic() != pb::STATISTIC_SUM;
}

Verdict VerdictOf(const pb::Query& query) {
  if (query.filters().empty()) return Verdict::kNone;
  const pb::Filter& filter = query.filters(query.filters_size() - 1);
  const bool is_plain = filter.any_of().empty() && !filter.has_in_run();
  if (!is_plain || filter.comparison() != pb::COMPARISON_EQUAL) return Verdict::kOther;
  switch (filter.field()) {
    case pb::FILTER_FIELD_SUCCESS:
      return filter.text() == "false" ? Verdict::kFailure : Verdict::kSuccess;
    case pb::FILTER_FIELD_ERROR_TYPE:
      return filter.text() == "timeout" ? Verdict::kTimeout : Verdict::kFailure;
    case pb::FILTER_FIELD_CHECKS_PASSED:
      return filter.text() == "false" ? Verdict::kChecksFailed : Verdict::kChecksPassed;
    case pb::FILTER_FIELD_FINISH_REASON:
      return filter.text() == "length" ? Verdict::kCut : Verdict::kOther;
    default:
      return Verdict::kOther;
  }
}

std::string PopulationLink(const Finding& finding, const pb::Figure& figure) {
  ResultsLink link(finding.runs);
  link.Where(finding.query);
  if (IsOfSuccesses(finding.query, figure)) link.OnlySuccesses();
  return link.PathOrNothing();
}

std::string PopulationText(Telling& telling, const Finding& finding, const pb::Figure& figure, int64_t n,
                           Case its_case) {
  const bool successes = IsOfSuccesses(finding.query, figure);
  std::string key = its_case == Case::kOver ? "over." : "of.";
  key += figure.measure() == pb::MEASURE_CHECKS ? "checked" : successes ? "successes" : "prompts";
  const Fact fact{.value = static_cast<double>(n), .verdict = successes ? Verdict::kSuccess : Verdict::kNone};
  // "3 of 9": the 9 are not those that the last condition chooses.
  const std::string link = its_case == Case::kOver ? PopulationLink(finding, figure) : "";
  const auto count = static_cast<double>(n);
  const std::string number = telling.Figure(fact, CountText(telling.language(), count), link);
  const std::string text = telling.Say(key, {{"n", number, count}});
  const std::string filters = its_case == Case::kOver ? FiltersText(telling.language(), finding.query)
                                                      : AmongText(telling.language(), finding.query);
  return filters.empty() ? text : telling.Say("filtered", {{"what", text}, {"filters", filters}});
}

std::string TiesText(Telling& telling, const Finding& finding, std::string_view key) {
  const auto k = static_cast<double>(finding.ties);
  return telling.Say(std::string(key), {{"k", telling.Figure({.value = k}, CountText(telling.language(), k)), k}});
}

Fact FigureFact(const pb::Query& query, const pb::Figure& figure, double value) {
  Fact fact = FactOf(figure.measure(), value);
  fact.statistic = figure.statistic();
  fact.percentile = figure.percentile();
  fact.verdict = VerdictOf(query);
  switch (figure.statistic()) {
    case pb::STATISTIC_COUNT:
      fact.unit = Unit::kCount;
      fact.value = value;
      break;
    case pb::STATISTIC_SHARE:
      fact.unit = Unit::kPerCent;
      fact.value = value * 100;
      if (figure.measure() == pb::MEASURE_SUCCESS) fact.verdict = Verdict::kSuccess;
      if (figure.measure() == pb::MEASURE_CHECKS) fact.verdict = Verdict::kChecksPassed;
      break;
    case pb::STATISTIC_CORRELATION:
    case pb::STATISTIC_VARIANCE:
      fact.unit = Unit::kNumber;
      fact.value = value;
      break;
    default:
      break;
  }
  return fact;
}

}  // namespace ftl::analytics
