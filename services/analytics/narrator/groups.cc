#include "services/analytics/narrator/groups.h"

#include <algorithm>
#include <vector>

#include "services/analytics/narrator/figures.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/population.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

// The results of one group.
std::string GroupLink(const Finding& finding, const pb::Figure& figure, const FoundGroup& group) {
  std::vector<RunFacts> runs = finding.runs;
  pb::Filter filter;
  filter.set_comparison(pb::COMPARISON_EQUAL);
  filter.set_text(group.name);
  switch (finding.query.group_by()) {
    case pb::GROUPING_CATEGORY:
      if (group.name == "none") return "";
      filter.set_field(pb::FILTER_FIELD_CATEGORY);
      break;
    case pb::GROUPING_ERROR_TYPE:
      filter.set_field(pb::FILTER_FIELD_ERROR_TYPE);
      break;
    case pb::GROUPING_SUCCESS:
      filter.set_field(pb::FILTER_FIELD_SUCCESS);
      filter.set_text(group.name == "succeeded" ? "true" : "false");
      break;
    case pb::GROUPING_RUN:
      std::erase_if(runs, [&](const RunFacts& run) { return group.name != "run " + std::to_string(run.number); });
      filter.set_field(pb::FILTER_FIELD_RUN);
      break;
    default:
      return "";
  }
  ResultsLink link(runs);
  link.Where(finding.query);
  link.Where(filter);
  if (IsOfSuccesses(finding.query, figure)) link.OnlySuccesses();
  return link.PathOrNothing();
}

std::string TellGroup(Telling& telling, const Finding& finding, const std::vector<pb::Figure>& figures,
                      const FoundGroup& group) {
  const std::string name = GroupValue(telling.language(), finding.query.group_by(), group.name);
  const bool is_count = figures[0].statistic() == pb::STATISTIC_COUNT && !finding.query.compares();
  const bool is_same = std::all_of(group.figures.begin(), group.figures.end(), [&](const FoundFigure& found) {
    return !found.value || found.n == group.figures[0].n;
  });
  const auto over = [&](const FoundFigure& found) {
    const auto n = static_cast<double>(found.n);
    telling.Know({.value = n, .group = name});
    return telling.Say("part.group", {{"n", CountText(telling.language(), n)}});
  };
  std::vector<std::string> values;
  for (size_t i = 0; i < figures.size(); ++i) {
    const FoundFigure& found = group.figures[i];
    if (!found.value) {
      values.push_back(telling.Say("groups.no_value"));
      continue;
    }
    const std::string link = GroupLink(finding, figures[i], group);
    std::string value = "**" + ValueText(telling, finding.query, figures[i], *found.value, link, name) + "**";
    values.push_back(is_count || is_same ? std::move(value)
                                         : telling.Say("groups.value", {{"value", value}, {"n", over(found)}}));
  }
  const std::string listed = telling.language().And(values);
  if (is_count || !is_same) return "\n- " + telling.Say("groups.plain", {{"group", name}, {"values", listed}});
  return "\n- " + telling.Say("groups.item", {{"group", name}, {"values", listed}, {"n", over(group.figures[0])}});
}

// How many of the groups the query's bound holds of.
std::string TellBounded(Telling& telling, const Finding& finding, const pb::Figure& figure) {
  if (finding.bound) {
    Fact bound = FigureFact(finding.query, figure, *finding.bound);
    bound.is_bound = true;
    telling.Know(bound);
  }
  const auto n = static_cast<double>(finding.grouped);
  const auto k = static_cast<double>(finding.grouped - finding.excluded);
  telling.Know({.value = n});
  return telling.Say(k == 0 ? "groups.bounded.none" : "groups.bounded",
                     {{"k", telling.Figure({.value = k, .of = n}, CountText(telling.language(), k)), k},
                      {"n", CountText(telling.language(), n), n},
                      {"bound", GroupBoundText(telling.language(), finding.query, finding.bound)}});
}

}  // namespace

std::string TellGroups(Telling& telling, const Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  const pb::Grouping grouping = finding.query.group_by();
  const bool bounded = finding.query.has_having() && finding.grouped > 0;
  const bool errors = grouping == pb::GROUPING_ERROR_TYPE && figures[0].statistic() == pb::STATISTIC_COUNT && !bounded;
  int64_t all = 0;
  for (const FoundGroup& group : finding.groups) all += group.results;
  if (!bounded && (finding.groups.empty() || (errors && all == 0))) {
    return telling.Say(grouping == pb::GROUPING_ERROR_TYPE ? "groups.no_errors" : "groups.none");
  }
  const std::string group_name = GroupName(telling.language(), grouping);
  // Which runs are compared, their groups say.
  const bool of_runs = grouping == pb::GROUPING_RUN;
  const std::string filters = FiltersText(telling.language(), of_runs ? WithoutRun(finding.query) : finding.query);
  std::vector<std::string> names;
  for (const pb::Figure& figure : figures) names.push_back(FigureName(telling.language(), figure));
  std::string text;
  if (errors && (filters.empty() || VerdictOf(finding.query) == Verdict::kFailure)) {
    const auto k = static_cast<double>(all);
    const Fact fact{.value = k, .verdict = Verdict::kFailure};
    text = telling.Say("groups.errors", {{"k", telling.Figure(fact, CountText(telling.language(), k)), k}});
  } else {
    text = telling.Say(filters.empty() ? "groups.head" : "groups.head.filtered",
                       {{"group", group_name}, {"figures", telling.language().And(names)}, {"filters", filters}});
  }
  if (bounded) text += " " + TellBounded(telling, finding, figures[0]);
  for (const FoundGroup& group : finding.groups) text += TellGroup(telling, finding, figures, group);
  if (finding.ties > 0) text += "\n\n" + TiesText(telling, finding, "groups.ties");
  if (finding.groups.size() == 1 && !errors && !bounded)
    text += "\n\n" + telling.Say("groups.one", {{"group", group_name}});
  return text;
}

}  // namespace ftl::analytics
