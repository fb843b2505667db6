#include "services/analytics/narrator/facts.h"

#include <algorithm>

#include "services/analytics/narrator/differences.h"
#include "services/analytics/narrator/figures.h"
#include "services/analytics/narrator/groups.h"
#include "services/analytics/narrator/listing.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/ratio.h"
#include "services/analytics/narrator/run_facts.h"
#include "services/analytics/narrator/summary.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

// Bounds that the question names: "took over 2 s".
void KnowBounds(Telling& telling, const google::protobuf::RepeatedPtrField<pb::Filter>& filters) {
  for (const pb::Filter& filter : filters) {
    KnowBounds(telling, filter.any_of());
    const std::optional<pb::Measure> measure = MeasureOf(filter.field());
    if (!measure || filter.has_than()) continue;
    Fact bound = FactOf(*measure, filter.number());
    bound.is_bound = true;
    telling.Know(bound);
    if (!filter.has_number_to()) continue;
    bound.value = filter.number_to();
    telling.Know(bound);
  }
}

// How many results the question took for granted, where it was mistaken.
std::string TellPresumed(Telling& telling, const Finding& finding) {
  if (!finding.query.has_presumed()) return "";
  double count = static_cast<double>(finding.total);
  if (finding.groups.size() == 1 && finding.query.statistic() == pb::STATISTIC_COUNT) {
    count = finding.groups.front().figures.front().value.value_or(0);
  } else if (finding.results.empty() && finding.total == 0 && finding.query.statistic() != pb::STATISTIC_LIST) {
    return "";
  }
  const auto presumed = static_cast<double>(finding.query.presumed());
  if (count == presumed) return "";
  return telling.Say("presumed", {{"named", CountText(telling.language(), presumed)},
                                  {"count", CountText(telling.language(), count), count}}) +
         " ";
}

std::string Tell(Telling& telling, const Finding& finding) {
  if (finding.query.measure() == pb::MEASURE_RUN) return TellRunFacts(telling, finding);
  if (finding.metrics) return TellSummary(telling, finding);
  if (finding.histogram) return TellHistogram(telling, finding);
  if (finding.query.statistic() == pb::STATISTIC_LIST || finding.query.statistic() == pb::STATISTIC_DIFFERENCE) {
    return TellList(telling, finding);
  }
  const std::string ratio = finding.query.ratio() ? TellRatio(telling, finding) : "";
  if (finding.query.group_by() == pb::GROUPING_UNSPECIFIED && !finding.groups.empty()) {
    return TellFigures(telling, finding) + (ratio.empty() ? "" : " " + ratio);
  }
  std::string text = TellGroups(telling, finding);
  if (!ratio.empty()) text += "\n\n" + ratio;
  if (finding.query.compares() && finding.groups.size() > 1) text += "\n\n" + TellDifferences(telling, finding);
  return text;
}

}  // namespace

std::string TellFacts(Telling& telling, const Finding& finding) {
  KnowBounds(telling, finding.query.filters());
  KnowBounds(telling, finding.query.among());
  const bool is_of_run = finding.query.measure() == pb::MEASURE_RUN;
  return (is_of_run ? "" : TellState(telling, finding)) + TellPresumed(telling, finding) + Tell(telling, finding);
}

}  // namespace ftl::analytics
