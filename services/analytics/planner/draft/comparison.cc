#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <utility>

namespace ftl::analytics {

// Which prompts got slower than in run 1.
bool Draft::SayDifference() {
  if (!slots_.difference) return false;
  slots_.Take("compare");
  const Sense difference = *slots_.difference;
  query_.set_measure(difference.measure);
  query_.set_statistic(pb::STATISTIC_DIFFERENCE);
  query_.set_order(difference.order);
  query_.set_base_run(difference.numbers[0]);
  query_.set_limit(1000);
  // Of single prompts nothing is known that could be better.
  const bool in_all = difference.measure == pb::MEASURE_RESULTS;
  if (in_all && (slots_.Says("list") || slots_.Says("count"))) return false;
  const bool names =
      slots_.Take("list") || slots_.Take("any") || (!in_all && (!slots_.nouns.empty() || slots_.Says("count")));
  slots_.difference.reset();
  slots_.nouns.clear();
  if (names && !in_all) {
    slots_.Take("count");
    return true;
  }
  // Is it slower than run 1: the runs beside each other.
  slots_.group = pb::GROUPING_RUN;
  query_.Clear();
  query_.set_compares(true);
  query_.set_base_run(difference.numbers[0]);
  if (in_all) {
    SetFigures({FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE), FigureOf(pb::MEASURE_CHECKS, pb::STATISTIC_SHARE),
                FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN)});
  } else {
    SetFigures({FigureOf(difference.measure, pb::STATISTIC_MEAN)});
  }
  TakeGroup();
  return true;
}

bool Draft::SayCorrelation() {
  // Are longer answers slower?
  const bool of_results = HasNounOfResults() && slots_.plural && !slots_.group && prompts_ == 0 && !compared_runs_;
  if (slots_.comparatives.size() == 2 && of_results && slots_.figures.empty() && slots_.said.empty()) {
    if (slots_.comparatives[0].measure == slots_.comparatives[1].measure) return false;
    for (const Sense& comparative : slots_.comparatives) {
      if (comparative.than) return false;
      Sense measure;
      measure.measure = comparative.measure;
      slots_.figures.push_back({measure, 0});
    }
    slots_.comparatives.clear();
    slots_.said.insert("correlate");
  }
  if (!slots_.Says("correlate")) return false;
  // Does difficulty affect latency?
  if (slots_.figures.size() == 1 && slots_.group) {
    slots_.Take("correlate");
    return SayFigures();
  }
  if (slots_.figures.size() != 2) return false;
  for (Slots::Named& figure : slots_.figures) {
    if (figure.sense.word == "length") figure.sense.word.clear();
  }
  const Sense& one = slots_.figures[0].sense;
  const Sense& other = slots_.figures[1].sense;
  if (one.statistic || other.statistic || !one.measure || !other.measure) return false;
  const auto plain = [](pb::Measure measure) {
    return measure == pb::MEASURE_RESPONSE_LENGTH ? pb::MEASURE_RESPONSE_CHARACTERS : measure;
  };
  query_.set_measure(plain(one.measure));
  query_.set_against(plain(other.measure));
  query_.set_statistic(pb::STATISTIC_CORRELATION);
  slots_.figures.clear();
  slots_.nouns.clear();
  for (const char* symbol : {"correlate", "any", "compare", "list"}) slots_.Take(symbol);
  TakeGroup();
  return true;
}

// Did the success rate improve, has latency got worse: the run beside the one before it.
bool Draft::SayImproved() {
  if (!slots_.Take("Better") || slots_.group || prompts_ > 0 || !slots_.comparatives.empty()) return false;
  for (const char* symbol : {"any", "compare", "trend"}) slots_.Take(symbol);
  slots_.group = pb::GROUPING_RUN;
  query_.set_compares(true);
  query_.set_base_run(-1);
  if (!slots_.figures.empty()) return SayFigures();
  if (slots_.Says("count") || slots_.Says("share")) return SayShare() || SayCount();
  slots_.nouns.clear();
  SetFigures({FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE), FigureOf(pb::MEASURE_CHECKS, pb::STATISTIC_SHARE),
              FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN)});
  TakeGroup();
  return true;
}

// Groups beside each other: named by a grouping, by two values of one field, or by two runs.
bool Draft::SayComparison() {
  const bool compares =
      slots_.Says("compare") || slots_.Says("trend") || !slots_.comparatives.empty() || compared_runs_;
  if (!compares) return false;
  slots_.Take("compare");
  if (compared_runs_) {
    CompareRuns(compared_runs_->first, compared_runs_->second);
    slots_.Take("more");  // did more fail
  }
  if (slots_.Take("trend") && !slots_.group) slots_.group = pb::GROUPING_HALF;
  GroupByTwoValues();
  const bool by_time = slots_.comparatives.empty() ||
                       (slots_.comparatives.size() == 1 && slots_.comparatives[0].measure == pb::MEASURE_LATENCY);
  if (!slots_.group && prompts_ > 1 && slots_.figures.empty() && by_time) {
    query_.set_measure(pb::MEASURE_LATENCY);
    query_.set_statistic(pb::STATISTIC_LIST);
    if (!slots_.comparatives.empty()) {
      const bool slower = slots_.comparatives[0].comparison == pb::COMPARISON_GREATER;
      query_.set_order(slower ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
      query_.set_limit(static_cast<int32_t>(std::min<size_t>(prompts_, 1000)));
      slots_.comparatives.clear();
    }
    slots_.nouns.clear();
    slots_.Take("list");
    return true;
  }
  if (!slots_.group) {
    if (!slots_.comparatives.empty() || slots_.figures.empty()) return false;
    if (prompts_ > 1) return SayFigures();
    return slots_.figures.size() > 1 && SayFigures() && query_.also_size() > 0;  // compare mean and median latency
  }
  query_.set_compares(true);
  for (const char* symbol : {"list", "any", "howfast", "all"}) slots_.Take(symbol);
  const std::vector<Sense> comparatives = std::exchange(slots_.comparatives, {});
  // Which run took longer: how long each of them took.
  if (slots_.group == pb::GROUPING_RUN && !comparatives.empty() && comparatives[0].took && slots_.nouns.empty()) {
    slots_.group = pb::GROUPING_UNSPECIFIED;
    query_.Clear();
    query_.set_all_runs(true);
    slots_.facts = {"duration"};
    return comparatives.size() == 1 && SayFacts();
  }
  if (comparatives.size() > 1) return false;
  // Compared in tokens, and faster: one of them would be left out.
  const pb::Measure by = comparatives.empty() ? pb::MEASURE_UNSPECIFIED : comparatives[0].measure;
  const bool other = std::none_of(slots_.figures.begin(), slots_.figures.end(), [&](const Slots::Named& figure) {
    return !figure.sense.measure || figure.sense.measure == by;
  });
  if (by && !slots_.figures.empty() && other) return false;
  if (slots_.figures.empty() && !comparatives.empty() && comparatives[0].measure) {
    SetFigures({FigureOf(comparatives[0].measure, pb::STATISTIC_MEAN)});
    slots_.nouns.clear();
    TakeGroup();
    return true;
  }
  if (!slots_.figures.empty()) return SayFigures();
  if (slots_.Says("count") || slots_.Says("share")) return SayShare() || SayCount();
  slots_.nouns.clear();
  if (!OnlyAttributes()) {
    const bool share = slots_.Take("share");
    SetFigures({FigureOf(pb::MEASURE_RESULTS, share ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT)});
    SplitPopulation();
    TakeGroup();
    return true;
  }
  SetComparison();
  TakeGroup();
  return true;
}

// Whether the query gives two figures that one can be set against the other.
bool Draft::HasRatio() const {
  if (query_.statistic() == pb::STATISTIC_LIST || query_.statistic() == pb::STATISTIC_DIFFERENCE) return false;
  if (!query_.group_by()) return query_.also_size() == 1;
  const auto two = [](const pb::Filter& filter) { return filter.texts_size() == 2; };
  const bool two_values = std::any_of(query_.filters().begin(), query_.filters().end(), two) ||
                          std::any_of(query_.among().begin(), query_.among().end(), two);
  return query_.also_size() == 0 && (two_values || query_.has_base_run() || query_.group_by() == pb::GROUPING_HALF);
}

// A number of 0 is the latest run, which needs no saying.
void Draft::CompareRuns(double base, double other) {
  query_.set_base_run(base);
  if (other == 0) return;
  slots_.filters.push_back({NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, other), -1});
}

void Draft::SetComparison() {
  SetFigures({FigureOf(pb::MEASURE_LATENCY, pb::STATISTIC_MEAN), FigureOf(pb::MEASURE_SUCCESS, pb::STATISTIC_SHARE),
              FigureOf(pb::MEASURE_OUTPUT_TOKENS, pb::STATISTIC_MEAN)});
}

void Draft::GroupByTwoValues() {
  for (const Slots::Placed& placed : slots_.filters) {
    if (placed.filter.comparison() != pb::COMPARISON_IN || slots_.group) continue;
    if (placed.filter.field() == pb::FILTER_FIELD_CATEGORY) slots_.group = pb::GROUPING_CATEGORY;
    if (placed.filter.field() == pb::FILTER_FIELD_DIFFICULTY) slots_.group = pb::GROUPING_DIFFICULTY;
    if (placed.filter.field() == pb::FILTER_FIELD_HALF) slots_.group = pb::GROUPING_HALF;
  }
  // Are hard prompts slower: than those of other difficulty.
  const bool one_value = !slots_.group && slots_.comparatives.size() == 1 && slots_.filters.size() == 1 &&
                         slots_.filters[0].filter.comparison() == pb::COMPARISON_EQUAL && !slots_.Says("list");
  if (one_value && HasField(pb::FILTER_FIELD_CATEGORY)) slots_.group = pb::GROUPING_CATEGORY;
  if (one_value && HasField(pb::FILTER_FIELD_DIFFICULTY)) slots_.group = pb::GROUPING_DIFFICULTY;
  if (one_value && slots_.group) slots_.filters.clear();
  // One of the halves is compared with the other.
  if (HasField(pb::FILTER_FIELD_HALF) && (!slots_.group || slots_.group == pb::GROUPING_HALF)) {
    EraseField(pb::FILTER_FIELD_HALF);
    slots_.group = pb::GROUPING_HALF;
  }
  // Passed against failed checks: what can be so or not so, and both are named.
  for (const auto& [field, group] : {std::pair(pb::FILTER_FIELD_SUCCESS, pb::GROUPING_SUCCESS),
                                     std::pair(pb::FILTER_FIELD_CHECKS_PASSED, pb::GROUPING_CHECKS_PASSED)}) {
    const auto named = std::count_if(slots_.filters.begin(), slots_.filters.end(),
                                     [&](const Slots::Placed& placed) { return placed.filter.field() == field; });
    if (slots_.group || named != 2) continue;
    EraseField(field);
    slots_.group = group;
  }
}

}  // namespace ftl::analytics
