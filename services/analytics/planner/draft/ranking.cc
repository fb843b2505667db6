#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <utility>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

// The slowest and the fastest.
bool Draft::SayBothEnds(Composed& composed) {
  if (slots_.ranks.size() != 2 || slots_.group || !slots_.figures.empty()) return false;
  const Slots whole = slots_;
  const pb::Query begun = query_;
  for (const Sense& rank : whole.ranks) {
    slots_ = whole;
    slots_.ranks = {rank};
    query_ = begun;
    if (!SayRanking()) return false;
    Finish();
    if (!slots_.IsEmpty()) return false;
    composed.queries.push_back(query_);
  }
  return true;
}

// What is ranked: results, the groups of results, or the results of each group; or a figure over those at one end.
bool Draft::SayRanking() {
  if (slots_.ranks.size() != 1) return false;
  // Whether one prompt is the slowest is not known of it alone.
  if (prompts_ == 1 && !query_.explain()) return false;
  const bool of_part = std::any_of(query_.slices().begin(), query_.slices().end(),
                                   [](const pb::Slice& slice) { return !slice.exclude() && !slice.measure(); });
  if (of_part) return false;  // the slowest of the first ten, or the ten slowest?
  const Sense rank = slots_.ranks[0];
  Sense ranked = rank;
  if (slots_.order && !ranked.measure) {  // top 5 by tokens
    ranked.measure = slots_.order->measure;
    ranked.statistic = slots_.order->statistic;  // top 2 categories by median latency
    ranked.number = slots_.order->number;
    slots_.order.reset();
  }
  if (!TakeEnd(ranked)) return false;
  // The longest responses in tokens; the slowest time to first token.
  const bool measure_alone = slots_.figures.size() == 1 && !slots_.figures[0].sense.statistic &&
                             !slots_.Says("count") && !slots_.Says("share");
  if (measure_alone && (!ranked.measure || slots_.figures[0].at > slots_.rank_at)) {
    // Slow in tokens per second is few of them; slow in tokens is nothing.
    const bool by_time = ranked.measure && RowOf(ranked.measure).unit == MeasureUnit::kMilliseconds;
    ranked.measure = slots_.figures[0].sense.measure;
    const MeasureUnit unit = RowOf(ranked.measure).unit;
    if (by_time && unit == MeasureUnit::kTokensPerSecond) {
      ranked.order = ranked.order == pb::ORDER_DESCENDING ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
    } else if (by_time && unit != MeasureUnit::kMilliseconds) {
      return false;
    }
    slots_.singular = slots_.singular || (slots_.nouns.empty() && !ranked.plural && !ranked.count);
    // "Tokens" of a ranking are those of the answers.
    if (ranked.measure == pb::MEASURE_TOTAL_TOKENS && slots_.figures[0].sense.unit == Unit::kTokens) {
      ranked.measure = pb::MEASURE_OUTPUT_TOKENS;
    }
    slots_.figures.clear();
  } else if (measure_alone && !slots_.group) {
    return SayMeasureOfSlice(ranked);
  }
  // Slowest by time to first token.
  if (slots_.order && slots_.order->measure) {
    ranked.measure = slots_.order->measure;
    slots_.order.reset();
  }
  // The top 3 categories by failures.
  const bool groups_counted = !ranked.measure && ranked.word.empty() && ranked.count && slots_.group && !slots_.by;
  if (groups_counted && slots_.figures.empty() && !OnlyAttributes()) {
    slots_.ranks.clear();
    slots_.said.insert("count");
    query_.set_order(ranked.order);
    query_.set_limit(*ranked.count);
    return SayCount();
  }
  if (!ranked.measure) return false;
  for (const char* symbol : {"any", "why"}) slots_.Take(symbol);
  // Is the code category the slowest, has shipping the best success rate: all are told. The longest answers in the
  // code category are others.
  const bool rated = IsVerdict(ranked.measure) && !slots_.group;
  if ((slots_.HasNoun("category") || rated) && !slots_.group && !HasNounOfResults() && SaysCategoryBefore()) {
    EraseField(pb::FILTER_FIELD_CATEGORY);
    slots_.group = pb::GROUPING_CATEGORY;
  }
  if (rated && !slots_.group) return false;  // of single results there is no rate
  if (ranked.statistic && !slots_.group) return false;
  if (slots_.group && !slots_.by) return SayRankedGroups(ranked);
  if (slots_.group && slots_.by) return SayRankedWithinGroups(ranked);
  const bool counts = slots_.Says("count") || slots_.Says("share");
  if (counts || !slots_.figures.empty()) return SayOfSlice(ranked);
  slots_.ranks.clear();
  if (!SaysResults() && rank.all && !rank.count && !rank.share) {
    // The highest latency is a figure.
    SetFigures(
        {FigureOf(ranked.measure, ranked.order == pb::ORDER_DESCENDING ? pb::STATISTIC_MAX : pb::STATISTIC_MIN)});
    slots_.nouns.clear();
    slots_.Take("list");
    return true;
  }
  query_.set_measure(ranked.measure);
  query_.set_statistic(pb::STATISTIC_LIST);
  query_.set_order(ranked.order);
  const bool named = !slots_.nouns.empty() || ranked.measure == pb::MEASURE_RESPONSE_LENGTH ||
                     ranked.measure == pb::MEASURE_PROMPT_CHARACTERS || slots_.singular;
  const bool one = slots_.singular || (named && !slots_.plural && !ranked.plural);
  if (ranked.share || ranked.skip.value_or(0) > 0) {
    MoveFiltersAmong();
    *query_.add_slices() = SliceOf(ranked);
    query_.set_limit(ranked.share ? 1000 : ranked.count.value_or(1));
  } else if (ranked.count) {
    query_.set_limit(std::min(1000, *ranked.count));
  } else if (slots_.number) {
    if (!TakeLimit()) return false;
  } else if (one) {
    query_.set_limit(1);
  }
  slots_.nouns.clear();
  slots_.plural = false;
  for (const char* symbol : {"list", "all", "howfast"}) slots_.Take(symbol);
  if (RowOf(ranked.measure).unit == MeasureUnit::kMilliseconds) slots_.Take("howlong");
  return true;
}

// The best 3 by latency are the fastest; of failures there is a best only in that they are few.
bool Draft::TakeEnd(Sense& ranked) const {
  const bool best = ranked.word == "best";
  if (!best && ranked.word != "worst") return true;
  ranked.word.clear();
  const bool of_failures =
      !ranked.measure && slots_.figures.empty() && !slots_.filters.empty() &&
      std::any_of(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
        return placed.filter.text() == "false" || placed.filter.field() == pb::FILTER_FIELD_ERROR_TYPE;
      });
  std::optional<pb::Order> order;
  if (ranked.measure) order = OrderOfGoodness(ranked.measure, best);
  if (of_failures) order = best ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
  if (!order) return false;
  ranked.order = *order;
  return true;
}

bool Draft::SaysCategoryBefore() const {
  const Slots::Placed* category = nullptr;
  for (const Slots::Placed& placed : slots_.filters) {
    if (placed.filter.field() != pb::FILTER_FIELD_CATEGORY) continue;
    if (category || placed.filter.comparison() != pb::COMPARISON_EQUAL) return false;
    category = &placed;
  }
  return category && category->at < slots_.rank_at;
}

bool Draft::SaysResults() const {
  return HasNounOfResults() || (slots_.Says("list") && slots_.nouns.empty() && slots_.plural);
}

// The tokens of the slowest prompts.
bool Draft::SayMeasureOfSlice(const Sense& ranked) {
  pb::Measure measure = slots_.figures[0].sense.measure;
  if (IsVerdict(measure)) return false;
  Sense rank = ranked;
  if (!rank.count && !rank.share) rank.count = slots_.plural || ranked.plural ? 5 : 1;
  MoveFiltersAmong();
  *query_.add_slices() = SliceOf(rank);
  query_.set_measure(measure);
  query_.set_statistic(pb::STATISTIC_LIST);
  query_.set_limit(1000);
  slots_.ranks.clear();
  slots_.figures.clear();
  slots_.nouns.clear();
  for (const char* symbol : {"list", "all", "howlong"}) slots_.Take(symbol);
  return true;
}

// Which category is slowest.
bool Draft::SayRankedGroups(const Sense& ranked) {
  if (ranked.share || ranked.skip.value_or(0) > 0) return false;  // a part of the groups
  pb::Statistic statistic = RowOf(ranked.measure).usual[0];
  if (RowOf(ranked.measure).unit == MeasureUnit::kTokens || RowOf(ranked.measure).unit == MeasureUnit::kCalls) {
    statistic = pb::STATISTIC_MEAN;
  }
  pb::Figure figure = FigureOf(ranked.measure, statistic);
  if (ranked.statistic) figure = FigureOf(ranked.measure, ranked.statistic, ranked.number);
  if (slots_.figures.size() == 1) {
    const Sense& named = slots_.figures[0].sense;
    // The tokens of the slowest category: the order would be another.
    if (named.measure && named.measure != ranked.measure) return false;
    if (named.statistic)
      figure = FigureOf(named.measure ? named.measure : ranked.measure, named.statistic, named.number);
    slots_.figures.clear();
  }
  if (!slots_.figures.empty()) return false;
  if (slots_.Says("count") || slots_.Says("share")) return false;
  slots_.ranks.clear();
  SetFigures({figure});
  query_.set_order(ranked.order);
  query_.set_compares(true);  // that one is first is no difference before a test shows it
  if (ranked.count) query_.set_limit(*ranked.count);
  if (!TakeLimit()) return false;  // which 2 categories
  slots_.nouns.clear();
  for (const char* symbol : {"list", "all"}) slots_.Take(symbol);
  TakeGroup();
  return true;
}

// The two slowest prompts in each category.
bool Draft::SayRankedWithinGroups(const Sense& ranked) {
  const bool rated = IsVerdict(ranked.measure) || RowOf(ranked.measure).unit == MeasureUnit::kTokensPerSecond;
  // The language has no figure over the slowest of each group.
  const bool of_groups = slots_.figures.size() == 1 && slots_.figures[0].sense.measure && !HasNounOfResults();
  if (!slots_.figures.empty() && !ranked.all && !of_groups) return false;
  if (!slots_.figures.empty() || (rated && !HasNounOfResults())) {
    // The highest average latency by category: groups in that order.
    return SayRankedGroups(ranked);
  }
  slots_.ranks.clear();
  if (ranked.share || ranked.skip) return false;
  if (ranked.all && !HasNounOfResults() && !ranked.count) {
    SetFigures(
        {FigureOf(ranked.measure, ranked.order == pb::ORDER_DESCENDING ? pb::STATISTIC_MAX : pb::STATISTIC_MIN)});
    slots_.Take("list");
    TakeGroup();
    return true;
  }
  query_.set_measure(ranked.measure);
  query_.set_statistic(pb::STATISTIC_LIST);
  query_.set_order(ranked.order);
  query_.set_per_group(std::min(100, ranked.count.value_or(slots_.HasNoun("prompt") && slots_.plural ? 3 : 1)));
  query_.set_limit(1000);
  slots_.nouns.clear();
  for (const char* symbol : {"list", "all"}) slots_.Take(symbol);
  TakeGroup();
  return true;
}

// A figure, a count or a share over those at one end.
bool Draft::SayOfSlice(const Sense& ranked) {
  slots_.ranks.clear();
  std::vector<Slots::Placed> after;
  if (slots_.figures.empty()) {
    // How many of the slowest 10 % failed: the condition is asked of the part.
    after = std::move(slots_.filters);
    slots_.filters.clear();
    // How many of the ten slowest are in billing: so it is, where there is no other.
    const bool other = std::any_of(after.begin(), after.end(),
                                   [](const Slots::Placed& placed) { return !IsAttribute(placed.filter.field()); });
    const auto is_among = [&](const Slots::Placed& placed) {
      return IsAttribute(placed.filter.field()) && (other || placed.at < slots_.rank_at);
    };
    for (const Slots::Placed& placed : after) {
      if (is_among(placed)) *query_.add_among() = placed.filter;
    }
    after.erase(std::remove_if(after.begin(), after.end(), is_among), after.end());
    if (after.empty() || slots_.Says("each")) return false;
  } else {
    MoveFiltersAmong();
  }
  *query_.add_slices() = SliceOf(ranked);
  if (after.empty()) {
    if (!SayFigures()) return false;
    // The p95 of the one slowest is its own latency, and not what is asked.
    const bool of_one = !ranked.share && ranked.count.value_or(1) == 1 && query_.measure() == ranked.measure;
    return !of_one || query_.statistic() == pb::STATISTIC_MAX || query_.statistic() == pb::STATISTIC_MIN;
  }
  slots_.nouns.clear();
  const bool share = slots_.Take("share");
  slots_.Take("count");
  SetFigures({FigureOf(pb::MEASURE_RESULTS, share ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT)});
  for (const Slots::Placed& placed : after) *query_.add_filters() = placed.filter;
  return true;
}

}  // namespace ftl::analytics
