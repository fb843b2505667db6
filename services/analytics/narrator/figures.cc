#include "services/analytics/narrator/figures.h"

#include <algorithm>
#include <cmath>

#include "common/proto/enum_word.h"
#include "services/analytics/metrics/interval.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/population.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

// Below, a percentile stays and words say how little it is.
int64_t NeededFor(double percentile) {
  if (percentile >= 99) return 100;
  return percentile >= 90 ? 20 : 0;
}

std::string Caution(const Telling& telling, const std::vector<pb::Figure>& figures, const FoundGroup& group) {
  for (size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].statistic() != pb::STATISTIC_PERCENTILE || !group.figures[i].value) continue;
    const int64_t n = group.figures[i].n;
    const int64_t needed = NeededFor(figures[i].percentile());
    if (n >= needed) continue;
    return " " + telling.Say("caution.percentile",
                             {{"n", CountText(telling.language(), static_cast<double>(n)), static_cast<double>(n)},
                              {"needed", CountText(telling.language(), static_cast<double>(needed))}});
  }
  return "";
}

std::string CountFigure(Telling& telling, double k, double of, Verdict verdict, const std::string& link) {
  const Fact fact{.value = k, .of = of, .verdict = verdict};
  return telling.Figure(fact, CountText(telling.language(), k), link);
}

std::string IntervalText(Telling& telling, int64_t k, int64_t n) {
  const Interval interval = WilsonInterval(k, n);
  Fact bound{.unit = Unit::kPerCent, .is_bound = true};
  auto percent = [&](double share) {
    bound.value = share * 100;
    telling.Know(bound);
    return ShareText(telling.language(), share, 0);
  };
  return telling.Say("share.interval", {{"low", percent(interval.low)}, {"high", percent(interval.high)}});
}

// The other side of a share: 2 of 10 failed where 8 succeeded.
Verdict RestOf(Verdict verdict) {
  if (verdict == Verdict::kSuccess) return Verdict::kFailure;
  return verdict == Verdict::kChecksPassed ? Verdict::kChecksFailed : Verdict::kOther;
}

std::string TellRest(Telling& telling, const pb::Figure& figure, int64_t rest, double of, Verdict verdict) {
  telling.Know({.unit = Unit::kPerCent, .value = static_cast<double>(rest) / of * 100, .of = of, .verdict = verdict});
  if (rest == 0) return "";
  const auto k = static_cast<double>(rest);
  const std::string text = CountFigure(telling, k, of, verdict, "");
  return " " + telling.Say(figure.measure() == pb::MEASURE_SUCCESS ? "share.rest.success" : "share.rest.checks",
                           {{"k", text, k}});
}

std::string TellShare(Telling& telling, const Finding& finding, const pb::Figure& figure, const FoundFigure& found) {
  if (!found.value || found.n == 0) {
    return telling.Say(figure.measure() == pb::MEASURE_CHECKS ? "share.no_checks" : "share.nothing");
  }
  const int64_t k = std::llround(*found.value * static_cast<double>(found.n));
  Fact fact = FigureFact(finding.query, figure, *found.value);
  fact.of = static_cast<double>(found.n);
  const Verdict verdict = fact.verdict;
  const auto of = static_cast<double>(found.n);
  const std::string link = PopulationLink(finding, figure);
  const std::string share = telling.Figure(fact, ShareText(telling.language(), *found.value), link);
  const std::string count =
      CountFigure(telling, static_cast<double>(k), of, verdict, figure.measure() == pb::MEASURE_RESULTS ? link : "");
  const bool plain = figure.measure() != pb::MEASURE_RESULTS;
  const std::string all = PopulationText(telling, finding, figure, found.n, plain ? Case::kOver : Case::kOf);
  const std::string counted = CountedText(telling.language(), finding.query);
  std::string key = figure.measure() == pb::MEASURE_SUCCESS ? "share.success" : "share.checks";
  std::string did;
  if (!plain) {
    const auto verb = DidText(telling.language(), finding.query, static_cast<double>(k));
    did = verb.value_or("");
    key = verb ? "share.did" : counted.empty() ? "share.plain" : "share.match";
  }
  std::string text = telling.Say(key, {{"share", share},
                                       {"k", count, static_cast<double>(k)},
                                       {"of", all},
                                       {"did", did},
                                       {"filters", counted},
                                       {"interval", IntervalText(telling, k, found.n)}});
  if (plain) text += TellRest(telling, figure, found.n - k, of, RestOf(verdict));
  return text;
}

std::string TellCount(Telling& telling, const Finding& finding, const pb::Figure& figure, const FoundFigure& found) {
  const double k = found.value.value_or(0);
  const auto of = static_cast<double>(found.n);
  const Verdict verdict = VerdictOf(finding.query);
  const std::string number = CountFigure(telling, k, of, verdict, PopulationLink(finding, figure));
  const std::string filters = FiltersText(telling.language(), finding.query);
  const Slot count{"k", number, k};
  if (filters.empty()) return telling.Say("count", {count});
  const auto did = DidText(telling.language(), finding.query, k);
  if (found.n == 0 || (found.n == std::llround(k) && !did)) {
    return telling.Say("count.filtered", {count, {"filters", filters}});
  }
  const std::string all = PopulationText(telling, finding, figure, found.n, Case::kOf);
  return telling.Say(
      did ? "count.did" : "count.match",
      {count, {"of", all}, {"did", did.value_or("")}, {"filters", CountedText(telling.language(), finding.query)}});
}

std::string TellOne(Telling& telling, const Finding& finding, const pb::Figure& figure, const FoundFigure& found) {
  const std::string value = ValueText(telling, finding.query, figure, *found.value, PopulationLink(finding, figure));
  const std::string population = PopulationText(telling, finding, figure, found.n, Case::kOver);
  const std::string measure = MeasureName(telling.language(), figure.measure());
  const MeasureUnit unit = RowOf(figure.measure()).unit;
  std::string key = unit == MeasureUnit::kTokens || unit == MeasureUnit::kCalls ? "figure.counted" : "figure";
  if (figure.statistic() == pb::STATISTIC_SUM) key = "figure.sum";
  if (figure.statistic() == pb::STATISTIC_CORRELATION) key = "figure.correlation";
  return telling.Say(key, {{"figure", FigureName(telling.language(), figure)},
                           {"measure", measure},
                           {"other", MeasureName(telling.language(), finding.query.against())},
                           {"value", value},
                           {"population", population}});
}

}  // namespace

namespace {

// Whether all figures that have a value are over the same results.
bool AreOverTheSame(const pb::Query& query, const std::vector<pb::Figure>& figures, const FoundGroup& group,
                    size_t first) {
  for (size_t i = first; i < figures.size(); ++i) {
    if (!group.figures[i].value) continue;
    if (group.figures[i].n != group.figures[first].n ||
        IsOfSuccesses(query, figures[i]) != IsOfSuccesses(query, figures[first])) {
      return false;
    }
  }
  return true;
}

// Several figures, each with what it is over where that is not the same.
std::string TellSeveral(Telling& telling, const Finding& finding, const std::vector<pb::Figure>& figures,
                        size_t first) {
  const FoundGroup& group = finding.groups.front();
  const bool is_same = AreOverTheSame(finding.query, figures, group, first);
  std::vector<std::string> parts;
  for (size_t i = first; i < figures.size(); ++i) {
    const FoundFigure& found = group.figures[i];
    if (!found.value) continue;
    const std::string value =
        ValueText(telling, finding.query, figures[i], *found.value, PopulationLink(finding, figures[i]));
    const std::string name = FigureName(telling.language(), figures[i]);
    if (is_same) {
      parts.push_back(telling.Say("figures.one", {{"figure", name}, {"value", value}}));
    } else {
      const std::string population = PopulationText(telling, finding, figures[i], found.n, Case::kOver);
      parts.push_back(
          telling.Say("figures.one.over", {{"figure", name}, {"value", value}, {"population", population}}));
    }
  }
  const std::string listed = telling.language().And(parts);
  if (!is_same) return telling.Say("figures.apart", {{"figures", listed}});
  const std::string population = PopulationText(telling, finding, figures[first], group.figures[first].n, Case::kOver);
  return telling.Say("figures", {{"population", population}, {"figures", listed}});
}

}  // namespace

std::string ValueText(Telling& telling, const pb::Query& query, const pb::Figure& figure, double value,
                      const std::string& link, const std::string& group) {
  Fact fact = FigureFact(query, figure, value);
  fact.group = group;
  std::string text;
  switch (figure.statistic()) {
    case pb::STATISTIC_COUNT:
      text = CountText(telling.language(), value);
      break;
    case pb::STATISTIC_SHARE:
      text = ShareText(telling.language(), value);
      break;
    case pb::STATISTIC_CORRELATION:
      text = telling.language().Number(value, 2);
      break;
    case pb::STATISTIC_VARIANCE:
      text = telling.language().Number(value, 1);
      break;
    default:
      text = QuantityText(telling.language(), figure.measure(), value);
  }
  return telling.Figure(std::move(fact), std::move(text), link);
}

std::string TellFigures(Telling& telling, const Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  const FoundGroup& group = finding.groups.front();
  if (figures.size() == 1 && figures[0].statistic() == pb::STATISTIC_SHARE) {
    return TellShare(telling, finding, figures[0], group.figures[0]);
  }
  if (figures.size() == 1 && figures[0].statistic() == pb::STATISTIC_COUNT &&
      figures[0].measure() == pb::MEASURE_RESULTS) {
    return TellCount(telling, finding, figures[0], group.figures[0]);
  }
  std::vector<std::string> unknown;
  size_t told = figures.size();
  for (size_t i = 0; i < figures.size(); ++i) {
    const FoundFigure& found = group.figures[i];
    const std::string name = FigureName(telling.language(), figures[i]);
    if (!found.value) {
      unknown.push_back(name);
      continue;
    }
    told = std::min(told, i);
  }
  if (told == figures.size()) {
    const std::string population = PopulationText(telling, finding, figures[0], 0, Case::kOver);
    return telling.Say("figure.none", {{"figure", unknown.front()}, {"population", population}});
  }
  std::string text = figures.size() - unknown.size() == 1
                         ? TellOne(telling, finding, figures[told], group.figures[told])
                         : TellSeveral(telling, finding, figures, told);
  if (!unknown.empty()) {
    text += " " + telling.Say("figure.none.too", {{"figures", telling.language().And(unknown)}});
  }
  return text + Caution(telling, figures, group);
}

std::string TellHistogram(Telling& telling, const Finding& finding) {
  const Histogram& histogram = *finding.histogram;
  const pb::Measure measure = finding.query.measure();
  const Language& language = telling.language();
  if (histogram.count == 0) return telling.Say("histogram.none", {{"measure", MeasureName(language, measure)}});
  const auto fullest = std::max_element(histogram.buckets.begin(), histogram.buckets.end(),
                                        [](const auto& a, const auto& b) { return a.count < b.count; });
  pb::Figure figure;
  figure.set_measure(measure);
  figure.set_statistic(pb::STATISTIC_PERCENTILE);
  const std::string link = PopulationLink(finding, figure);
  auto percentile = [&](double rank, double value) {
    figure.set_percentile(rank);
    return ValueText(telling, finding.query, figure, value, link);
  };
  auto bound = [&](double value) {
    Fact fact = FactOf(measure, value);
    fact.is_bound = true;
    return telling.Figure(fact, QuantityText(language, measure, value));
  };
  const auto k = static_cast<double>(fullest->count);
  std::string text = telling.Say(
      "histogram", {{"measure", MeasureName(language, measure)},
                    {"population", PopulationText(telling, finding, figure, histogram.count, Case::kOver)},
                    {"p50", percentile(50, histogram.p50)},
                    {"p90", percentile(90, histogram.p90)},
                    {"p95", percentile(95, histogram.p95)},
                    {"p99", percentile(99, histogram.p99)},
                    {"from", bound(fullest->from)},
                    {"to", bound(fullest->to)},
                    {"k", CountFigure(telling, k, static_cast<double>(histogram.count), Verdict::kOther, ""), k}});
  if (histogram.count < NeededFor(99)) {
    const auto n = static_cast<double>(histogram.count);
    text += " " + telling.Say("caution.percentiles", {{"n", CountText(language, n), n}});
  }
  return text;
}

}  // namespace ftl::analytics
