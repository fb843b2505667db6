#include "services/analytics/narrator/ratio.h"

#include <cmath>
#include <utility>

#include "services/analytics/narrator/naming.h"
#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

// Two, and below 1 as many as show three figures that are not leading zeros.
int DecimalsOf(double ratio) {
  const double size = std::abs(ratio);
  return size == 0 || size >= 1 ? 2 : 2 - static_cast<int>(std::floor(std::log10(size)));
}

std::string RatioText(Telling& telling, double ratio) {
  return telling.Figure({.unit = Unit::kNumber, .value = ratio}, telling.language().Number(ratio, DecimalsOf(ratio)));
}

std::string OfGroups(Telling& telling, const Finding& finding) {
  if (finding.groups.size() != 2) return "";
  const FoundGroup* more = &finding.groups[0];
  const FoundGroup* less = &finding.groups[1];
  if (!more->figures[0].value || !less->figures[0].value) return "";
  if (*more->figures[0].value < *less->figures[0].value) std::swap(more, less);
  if (*less->figures[0].value <= 0) return "";
  const Language& language = telling.language();
  const pb::Grouping grouping = finding.query.group_by();
  return telling.Say("ratio.groups", {{"figure", FigureName(language, FiguresOf(finding.query)[0])},
                                      {"x", RatioText(telling, *more->figures[0].value / *less->figures[0].value)},
                                      {"more", GroupValue(language, grouping, more->name)},
                                      {"less", GroupValue(language, grouping, less->name)}});
}

std::string OfFigures(Telling& telling, const Finding& finding) {
  if (finding.groups.size() != 1 || finding.groups[0].figures.size() != 2) return "";
  const FoundFigure& first = finding.groups[0].figures[0];
  const FoundFigure& second = finding.groups[0].figures[1];
  if (!first.value || !second.value || *second.value <= 0) return "";
  return telling.Say("ratio.figures", {{"x", RatioText(telling, *first.value / *second.value)}});
}

}  // namespace

std::string TellRatio(Telling& telling, const Finding& finding) {
  return finding.query.group_by() == pb::GROUPING_UNSPECIFIED ? OfFigures(telling, finding)
                                                              : OfGroups(telling, finding);
}

}  // namespace ftl::analytics
