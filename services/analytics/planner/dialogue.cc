#include "services/analytics/planner/dialogue.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/composer.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

constexpr int kUsualRanked = 5;
constexpr int kMostRows = 1000;

using Filters = google::protobuf::RepeatedPtrField<pb::Filter>;

bool IsList(const pb::Query& query) {
  return query.statistic() == pb::STATISTIC_LIST && query.measure() != pb::MEASURE_RUN;
}
bool IsRankedList(const pb::Query& query) {
  return IsList(query) && query.order() && query.measure() != pb::MEASURE_RESULTS;
}
bool IsFigures(const pb::Query& query) {
  return !IsList(query) && query.statistic() != pb::STATISTIC_SUMMARY &&
         query.statistic() != pb::STATISTIC_DIFFERENCE && query.measure() != pb::MEASURE_RUN;
}
bool IsCount(const pb::Query& query) {
  return query.measure() == pb::MEASURE_RESULTS &&
         (query.statistic() == pb::STATISTIC_COUNT || query.statistic() == pb::STATISTIC_SHARE);
}

// Whether the list names one result.
bool IsOne(const pb::Query& query) {
  if (!IsList(query)) return false;
  if (query.has_limit() && query.limit() == 1) return true;
  if (!query.slices().empty()) {
    const pb::Slice& last = query.slices(query.slices_size() - 1);
    if (last.count() == 1 && !last.exclude()) return true;
  }
  for (const auto* filters : {&query.filters(), &query.among()}) {
    for (const pb::Filter& filter : *filters) {
      if (filter.field() == pb::FILTER_FIELD_PROMPT_ID && filter.comparison() == pb::COMPARISON_EQUAL) return true;
    }
  }
  return false;
}

pb::Slice SliceBy(pb::Measure measure, pb::Order order, int count, int skip) {
  pb::Slice slice;
  slice.set_measure(measure);
  slice.set_order(order);
  slice.set_count(count);
  if (skip > 0) slice.set_skip(skip);
  return slice;
}

pb::Order Turned(pb::Order order) { return order == pb::ORDER_DESCENDING ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING; }

class Editor {
 public:
  Editor(Slots slots, const pb::Query& before) : slots_(std::move(slots)), before_(before), query_(before) {}

  std::optional<pb::Query> Edit() && {
    const bool points = slots_.Says("those") || slots_.Says("it") || slots_.nth;
    if (slots_.Says("why")) slots_.Take("failed");
    if (points || slots_.Says("rest")) return OfWhatWasListed();
    if (slots_.Take("bytype")) slots_.group = pb::GROUPING_ERROR_TYPE;
    if (!Change() || query_.SerializeAsString() == before_.SerializeAsString()) return std::nullopt;
    for (const char* symbol : {"follow", "only", "list", "any", "and", "or", "all"}) slots_.Take(symbol);
    slots_.nouns.clear();
    if (!slots_.IsEmpty()) return std::nullopt;
    return query_;
  }

 private:
  // What the query before chose, as the population of the next. Groups are no results.
  bool SetPopulation(pb::Query& query) const {
    if (before_.group_by() && before_.per_group() == 0 && !IsCount(before_)) return false;
    if (!before_.slices().empty() && !before_.filters().empty()) return false;
    if (before_.statistic() == pb::STATISTIC_DIFFERENCE || before_.measure() == pb::MEASURE_RUN ||
        before_.per_group() > 0) {
      return false;
    }
    *query.mutable_among() = before_.among();
    query.mutable_among()->MergeFrom(before_.filters());
    *query.mutable_slices() = before_.slices();
    if (before_.all_runs()) query.set_all_runs(true);
    const bool is_one = !before_.slices().empty() && IsOne(before_);
    if (IsRankedList(before_) && !is_one) {
      const int rows = before_.has_limit() ? before_.limit() : kUsualRanked;
      if (rows < kMostRows) *query.add_slices() = SliceBy(before_.measure(), before_.order(), rows, 0);
    } else if (IsList(before_) && before_.has_limit() && before_.limit() < kMostRows) {
      *query.add_slices() = SliceBy(pb::MEASURE_UNSPECIFIED, pb::ORDER_ASCENDING, before_.limit(), 0);
    }
    return true;
  }

  // Which prompt was that, the maximum?
  bool AsksWhoseExtreme() const {
    const bool extreme = before_.statistic() == pb::STATISTIC_MAX || before_.statistic() == pb::STATISTIC_MIN;
    return extreme && !before_.group_by() && before_.also().empty() && slots_.figures.empty() && slots_.ranks.empty() &&
           slots_.filters.empty() && slots_.runs.empty() && !slots_.group && !slots_.Says("count") &&
           !slots_.Says("share");
  }
  pb::Query Extreme() const {
    pb::Query query = before_;
    query.set_statistic(pb::STATISTIC_LIST);
    query.set_order(before_.statistic() == pb::STATISTIC_MAX ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
    query.set_limit(1);
    query.clear_presentation();
    return query;
  }

  std::optional<pb::Query> OfWhatWasListed() {
    if (AsksWhoseExtreme()) return Extreme();
    // A single figure over all results lists none.
    const bool lists_none = IsFigures(before_) && !IsCount(before_) && before_.filters().empty() &&
                            before_.among().empty() && before_.slices().empty();
    if (lists_none && !slots_.HasHead()) return std::nullopt;
    pb::Query population;
    if (!SetPopulation(population)) return std::nullopt;
    if (slots_.Take("rest") && !TurnRound(population)) return std::nullopt;
    const bool it = slots_.Take("it");
    slots_.Take("those");
    slots_.Take("follow");
    slots_.Take("only");
    if (slots_.Says("share") && slots_.figures.empty() && slots_.filters.empty() && !slots_.group) return Share();
    if (slots_.nth) {
      if (!IsList(before_) || !AddNth(population)) return std::nullopt;
    } else if (it && !IsOne(before_)) {
      return std::nullopt;
    }
    std::optional<pb::Query> query = Asked();
    if (!query) return std::nullopt;
    return Within(*query, population);
  }

  // The rest: those that the last condition does not choose.
  static bool TurnRound(pb::Query& population) {
    if (population.among().empty() || !population.slices().empty()) return false;
    pb::Filter& last = *population.mutable_among(population.among_size() - 1);
    const std::optional<pb::Filter> negated = Negated(last);
    if (!negated) return false;
    last = *negated;
    return true;
  }

  bool AddNth(pb::Query& population) {
    const int nth = *slots_.nth;
    slots_.nth.reset();
    if (nth == 0) return false;
    const bool ranked = IsRankedList(before_);
    const pb::Measure measure = ranked ? before_.measure() : pb::MEASURE_UNSPECIFIED;
    pb::Order order = ranked ? before_.order() : pb::ORDER_ASCENDING;
    if (nth < 0) order = Turned(order);
    *population.add_slices() = SliceBy(measure, order, 1, nth < 0 ? -nth - 1 : nth - 1);
    return true;
  }

  // What is asked of them; the list itself where nothing is.
  std::optional<pb::Query> Asked() {
    if (slots_.Take("whole")) {
      slots_.Take("list");
      slots_.nouns.clear();
      if (!slots_.IsEmpty()) return std::nullopt;
      pb::Query query = ListOf(pb::MEASURE_RESULTS);
      query.set_whole(true);
      return query;
    }
    // Which of those is slower?
    if (slots_.comparatives.size() == 1 && slots_.ranks.empty()) {
      Sense rank = slots_.comparatives[0];
      rank.order = rank.comparison == pb::COMPARISON_GREATER ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING;
      rank.comparison = {};
      rank.count = 1;
      slots_.comparatives.clear();
      slots_.ranks = {rank};
    }
    if (slots_.Says("count") && slots_.figures.empty() && slots_.filters.empty() && !slots_.group) {
      slots_.Take("count");
      slots_.nouns.clear();
      slots_.Take("list");
      if (!slots_.IsEmpty()) return std::nullopt;
      pb::Query query = ListOf(pb::MEASURE_RESULTS);
      query.set_statistic(pb::STATISTIC_COUNT);
      return query;
    }
    // Its category: it is listed with it.
    if (IsOne(before_) && slots_.group == pb::GROUPING_CATEGORY && slots_.figures.empty()) {
      slots_.group = pb::GROUPING_UNSPECIFIED;
    } else if (IsOne(before_) && slots_.group) {
      return std::nullopt;
    }
    const bool shown = !slots_.HasHead() || (slots_.Says("list") && slots_.figures.empty() && slots_.ranks.empty());
    if (shown && slots_.filters.empty() && !slots_.group && !slots_.order) {
      for (const char* symbol : {"list", "table", "chart", "all"}) slots_.Take(symbol);
      slots_.nouns.clear();
      if (!slots_.IsEmpty()) return std::nullopt;
      pb::Query query = ListOf(IsList(before_) ? before_.measure() : pb::MEASURE_RESULTS);
      query.set_order(IsList(before_) ? before_.order() : pb::ORDER_UNSPECIFIED);
      return query;
    }
    if (slots_.Take("why")) {
      slots_.nouns.clear();
      for (const char* symbol : {"list", "any", "howfast"}) slots_.Take(symbol);
      if (!slots_.IsEmpty() && slots_.filters.empty()) return std::nullopt;
      slots_.filters.clear();
      if (!slots_.IsEmpty()) return std::nullopt;
      pb::Query query = ListOf(IsList(before_) ? before_.measure() : pb::MEASURE_RESULTS);
      query.set_explain(true);
      return query;
    }
    if (IsOne(before_) && slots_.figures.empty() && slots_.Take("howlong")) {
      slots_.figures.push_back({Sense{.measure = pb::MEASURE_LATENCY}, 0});
    }
    const bool length =
        std::any_of(slots_.figures.begin(), slots_.figures.end(),
                    [](const auto& figure) { return figure.sense.word == "length"; }) ||
        std::any_of(slots_.ranks.begin(), slots_.ranks.end(), [](const Sense& rank) { return rank.word == "length"; });
    slots_.nouns.emplace_back(length ? "response" : "prompt", 1 << 20);
    slots_.plural = true;
    if (!slots_.HasHead()) slots_.said.insert("list");
    const bool measured = slots_.figures.size() == 1 && !slots_.figures[0].sense.statistic && slots_.ranks.empty() &&
                          IsList(before_) && !slots_.group && !slots_.Says("count") && !slots_.Says("share");
    if (measured) slots_.said.insert("each");
    const Composed composed = Compose(slots_, std::nullopt);
    if (composed.queries.size() != 1) return std::nullopt;
    return composed.queries[0];
  }
  // What percentage is that: of what the last condition was asked of.
  std::optional<pb::Query> Share() {
    slots_.Take("share");
    slots_.nouns.clear();
    slots_.Take("list");
    const bool counted = IsCount(before_) || (IsList(before_) && !before_.has_limit() && before_.slices().empty());
    if (!slots_.IsEmpty() || !counted || before_.filters().empty()) return std::nullopt;
    pb::Query query = ListOf(pb::MEASURE_RESULTS);
    query.set_statistic(pb::STATISTIC_SHARE);
    *query.mutable_among() = before_.among();
    *query.mutable_filters() = before_.filters();
    return query;
  }
  static pb::Query ListOf(pb::Measure measure) {
    pb::Query query;
    query.set_measure(measure);
    query.set_statistic(pb::STATISTIC_LIST);
    return query;
  }

  static std::optional<pb::Query> Within(pb::Query query, const pb::Query& population) {
    if (query.measure() == pb::MEASURE_RUN || query.statistic() == pb::STATISTIC_SUMMARY) return std::nullopt;
    pb::Query whole = population;
    if (query.slices().empty()) {
      whole.mutable_filters()->MergeFrom(query.among());
      whole.mutable_filters()->MergeFrom(query.filters());
    } else {
      if (!whole.slices().empty() && !query.among().empty()) return std::nullopt;
      whole.mutable_among()->MergeFrom(query.among());
      whole.mutable_filters()->MergeFrom(query.filters());
    }
    whole.mutable_slices()->MergeFrom(query.slices());
    const bool counts = IsCount(query) && !query.filters().empty();
    if (whole.slices().empty() && !counts) {
      // No part by rank: what chose them is a filter like any other.
      whole.mutable_among()->MergeFrom(whole.filters());
      whole.mutable_filters()->Swap(whole.mutable_among());
      whole.clear_among();
    }
    query.clear_among();
    query.clear_slices();
    query.clear_filters();
    whole.MergeFrom(query);
    return whole;
  }

  bool Change() {
    if (ChangeCounted()) return true;
    if (ChangeToRuns()) return true;
    // With a question of its own, whole, nothing is changed.
    const bool own = (slots_.Says("list") || slots_.Says("any") || slots_.Says("count") || slots_.Says("share")) &&
                     !slots_.filters.empty() && !slots_.Says("only");
    if (own || !slots_.facts.empty() || slots_.difference || slots_.Says("correlate") || slots_.Says("compare"))
      return false;
    if (slots_.Says("share") || !slots_.comparatives.empty()) return false;
    if (before_.statistic() == pb::STATISTIC_DIFFERENCE || before_.measure() == pb::MEASURE_RUN) return false;
    bool changed = ChangeExport();
    changed = ChangeRun() || changed;
    if (!ResolveTexts()) return false;
    changed = ChangePrompts() || changed;
    changed = ChangeFilters() || changed;
    changed = ChangeOverall() || changed;
    const bool excludes = !slots_.parts.empty();
    if (excludes && !ChangeExcluded()) return false;
    changed = ChangeRank() || changed || excludes;
    changed = ChangeFigures() || changed;
    changed = ChangeGroup() || changed;
    changed = ChangeShown() || changed;
    return changed && slots_.filters.empty();
  }

  // And how many were truncated? Of those that were counted among before.
  bool ChangeCounted() {
    if (!slots_.Says("follow") || !slots_.Says("count") || !IsCount(before_) || before_.among().empty()) return false;
    if (slots_.filters.empty() || !slots_.figures.empty() || slots_.group || !slots_.ranks.empty()) return false;
    for (const Slots::Placed& placed : slots_.filters) {
      if (!placed.filter.field() || !placed.filter.any_of().empty() || placed.compared) return false;
      for (const pb::Filter& among : before_.among()) {
        if (among.field() == placed.filter.field()) return false;
      }
    }
    query_.clear_filters();
    for (const Slots::Placed& placed : slots_.filters) *query_.add_filters() = placed.filter;
    slots_.filters.clear();
    slots_.Take("count");
    return true;
  }

  // Compare with run 2.
  bool ChangeToRuns() {
    const bool alone = slots_.filters.empty() && slots_.figures.empty() && slots_.ranks.empty() && !slots_.group;
    if (!slots_.Says("compare") || slots_.runs.size() != 1 || !alone || !IsFigures(before_) || before_.group_by()) {
      return false;
    }
    slots_.Take("compare");
    slots_.runs.clear();
    EraseField(pb::FILTER_FIELD_RUN);
    query_.set_group_by(pb::GROUPING_RUN);
    return true;
  }

  bool ResolveTexts() {
    for (Slots::Placed& placed : slots_.filters) {
      if (placed.compared) {
        const pb::FilterField field = SpokenOf(before_);
        if (!field) return false;
        placed.filter.set_field(field);
        const bool time = RowOf(*MeasureOf(field)).unit == MeasureUnit::kMilliseconds;
        if (time && placed.filter.number() <= 30) placed.filter.set_number(placed.filter.number() * 1000);
      } else if (!placed.filter.field() && placed.filter.any_of().empty()) {
        placed.filter.set_field(slots_.HasNoun("prompt") && !slots_.HasNoun("response")
                                    ? pb::FILTER_FIELD_PROMPT_TEXT
                                    : pb::FILTER_FIELD_RESPONSE_TEXT);
      }
    }
    return true;
  }

  bool ChangeExport() {
    const bool asked = slots_.Take("export");
    if (!asked && !slots_.format) return false;
    pb::Query query = ListOf(pb::MEASURE_RESULTS);
    if (!SetPopulation(query)) return false;
    if (query.slices().empty()) query.mutable_filters()->Swap(query.mutable_among());
    query.set_presentation(pb::PRESENTATION_EXPORT);
    query.set_export_format(slots_.format.value_or("csv"));
    slots_.format.reset();
    query_ = query;
    return true;
  }

  bool ChangeRun() {
    if (slots_.Take("allruns")) {
      EraseField(pb::FILTER_FIELD_RUN);
      query_.set_all_runs(true);
      return true;
    }
    if (slots_.runs.size() != 1) return false;
    double run = slots_.runs[0];
    slots_.runs.clear();
    // The run before that of the question before.
    for (const pb::Filter& filter : before_.filters()) {
      if (filter.field() == pb::FILTER_FIELD_RUN && run == -1 && filter.number() <= 0) run = filter.number() - 1;
    }
    EraseField(pb::FILTER_FIELD_RUN);
    query_.clear_all_runs();
    const pb::Filter filter = NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, run);
    *(IsCount(query_) || !query_.slices().empty() ? query_.add_among() : query_.add_filters()) = filter;
    if (IsCount(query_) && !query_.filters().empty() && query_.among_size() == 1) return true;
    return true;
  }

  void EraseField(pb::FilterField field) {
    for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
      for (int i = filters->size(); i-- > 0;) {
        if ((*filters)[i].field() == field && (*filters)[i].any_of().empty()) filters->DeleteSubrange(i, 1);
      }
    }
  }
  // Mentions "refund", and not "sorry": one goes beside the other.
  bool MeetsOtherwise(const pb::Filter& filter) const {
    const auto is_negated = [](const pb::Filter& one) {
      return one.comparison() == pb::COMPARISON_NOT_CONTAINS || one.comparison() == pb::COMPARISON_NOT_STARTS_WITH ||
             one.comparison() == pb::COMPARISON_NOT_ENDS_WITH;
    };
    if (RowOf(filter.field()).kind != FieldKind::kText) return false;
    for (const auto* filters : {&query_.filters(), &query_.among()}) {
      for (const pb::Filter& there : *filters) {
        if (there.field() == filter.field() && is_negated(there) != is_negated(filter)) return true;
      }
    }
    return false;
  }
  bool ReplaceField(const pb::Filter& filter) {
    bool replaced = false;
    for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
      for (pb::Filter& there : *filters) {
        if (replaced || there.field() != filter.field() || !there.any_of().empty()) continue;
        there = filter;
        replaced = true;
      }
    }
    return replaced;
  }

  // And #9?
  bool ChangePrompts() {
    if (slots_.prompts.size() != 1) return false;
    const pb::Filter filter = NumberFilter(pb::FILTER_FIELD_PROMPT_ID, pb::COMPARISON_EQUAL, slots_.prompts[0]);
    if (!ReplaceField(filter)) return false;
    slots_.prompts.clear();
    return true;
  }

  bool ChangeFilters() {
    if (!slots_.prompts.empty()) return false;
    if (slots_.filters.empty() || query_.statistic() == pb::STATISTIC_SUMMARY) return false;
    const bool only = slots_.Says("only");
    for (const Slots::Placed& placed : slots_.filters) {
      const pb::FilterField field = placed.filter.field();
      const bool text = RowOf(field).kind == FieldKind::kText && field != pb::FILTER_FIELD_CATEGORY &&
                        field != pb::FILTER_FIELD_DIFFICULTY;
      // Only the timeouts of the failed ones.
      const bool adds = only && text && field != pb::FILTER_FIELD_ERROR_TYPE;
      if (!adds && field && !MeetsOtherwise(placed.filter) && ReplaceField(placed.filter)) continue;
      const bool leaves_out = placed.filter.comparison() == pb::COMPARISON_NOT_EQUAL;
      if (field == pb::FILTER_FIELD_ERROR_TYPE && !leaves_out) EraseField(pb::FILTER_FIELD_SUCCESS);
      if (field == pb::FILTER_FIELD_SUCCESS) EraseField(pb::FILTER_FIELD_ERROR_TYPE);
      const bool among = (IsCount(query_) && !query_.filters().empty()) || !query_.slices().empty();
      *(among ? query_.add_among() : query_.add_filters()) = placed.filter;
    }
    slots_.filters.clear();
    if (IsCount(query_) && query_.filters().empty()) query_.mutable_filters()->Swap(query_.mutable_among());
    return true;
  }

  // And without the slowest?
  bool ChangeExcluded() {
    if (slots_.parts.size() != 1 || !query_.slices().empty() || IsCount(query_)) return false;
    const Sense& excluded = slots_.parts[0];
    if (!excluded.negated || !excluded.measure || !excluded.word.empty()) return false;
    pb::Slice slice = SliceBy(excluded.measure, excluded.order, excluded.count.value_or(1), 0);
    if (excluded.share) {
      slice.clear_count();
      slice.set_share(*excluded.share);
    }
    slice.set_exclude(true);
    MoveFiltersToAmong();
    *query_.add_slices() = slice;
    slots_.parts.clear();
    return true;
  }

  // And the fastest? Sort by slowest. Show 10.
  bool ChangeRank() {
    if (slots_.number && IsList(query_) && slots_.ranks.empty()) {
      if (*slots_.number < 1 || *slots_.number > kMostRows) return false;
      query_.set_limit(static_cast<int32_t>(*slots_.number));
      slots_.number.reset();
      return true;
    }
    if (slots_.Says("more")) {
      if (!IsList(query_)) return false;
      slots_.Take("more");
      query_.set_limit(kMostRows);
      return true;
    }
    const bool sorts = slots_.order.has_value();
    if (!sorts && slots_.ranks.size() != 1) return false;
    Sense rank = sorts ? *slots_.order : slots_.ranks[0];
    slots_.order.reset();
    slots_.ranks.clear();
    if (rank.word == "length") rank.measure = pb::MEASURE_RESPONSE_LENGTH;
    if (rank.word == "tokens") rank.measure = pb::MEASURE_OUTPUT_TOKENS;
    // Top 10: as they were ranked, or by the groups' figure.
    const bool as_before = !rank.measure && (IsList(before_) || query_.group_by());
    if (as_before) rank.measure = before_.measure();
    if (as_before && !sorts && IsRankedList(before_)) rank.order = before_.order();
    const bool counts_groups = query_.group_by() && !IsList(query_);
    if (!rank.measure || rank.share || (rank.measure == pb::MEASURE_RESULTS && !counts_groups)) return false;
    if (query_.group_by() && !IsList(query_)) {
      query_.set_order(rank.order);
      if (rank.count && !sorts) query_.set_limit(*rank.count);
      return sorts || query_.measure() == rank.measure;
    }
    const bool was_ranked = IsRankedList(before_);
    if (!IsList(query_)) {
      query_.clear_also();
      query_.clear_percentile();
      if (IsCount(query_)) MoveAmongToFilters();
      query_.clear_limit();
    }
    query_.set_measure(rank.measure);
    query_.set_statistic(pb::STATISTIC_LIST);
    query_.set_order(rank.order);
    if (rank.skip) {
      query_.clear_slices();
      if (!was_ranked) return false;
      MoveFiltersToAmong();
      *query_.add_slices() = SliceBy(rank.measure, rank.order, 1, *rank.skip);
      query_.set_limit(1);
    } else if (rank.count) {
      query_.set_limit(*rank.count);
    } else if (sorts && !query_.has_limit() && !was_ranked) {
      query_.set_limit(kMostRows);
    } else if (!was_ranked && !sorts && !rank.plural && !slots_.plural) {
      query_.set_limit(1);
    }
    return true;
  }
  void MoveAmongToFilters() {
    query_.mutable_among()->MergeFrom(query_.filters());
    query_.mutable_filters()->Swap(query_.mutable_among());
    query_.clear_among();
  }
  void MoveFiltersToAmong() {
    query_.mutable_among()->MergeFrom(query_.filters());
    query_.clear_filters();
  }

  // And the p99? What about output tokens?
  bool ChangeFigures() {
    if (slots_.Take("count")) {
      if (!slots_.figures.empty()) return false;
      if (!SetCounted()) return false;
      return true;
    }
    if (slots_.figures.empty()) return false;
    if (query_.statistic() == pb::STATISTIC_SUMMARY) query_ = pb::Query();
    const bool was_list = IsList(query_);
    for (Slots::Named& figure : slots_.figures) {
      if (!figure.sense.measure && figure.sense.word.empty() && KeepsMeasure())
        figure.sense.measure = before_.measure();
      if (!figure.sense.statistic && KeepsStatistic(figure.sense)) {
        figure.sense.statistic = before_.statistic();
        if (before_.has_percentile()) figure.sense.number = before_.percentile();
      }
    }
    Slots own;
    own.figures = slots_.figures;
    own.group = query_.group_by() && !was_list ? query_.group_by() : pb::GROUPING_UNSPECIFIED;
    own.by = true;
    const Composed composed = Compose(own, std::nullopt);
    if (composed.queries.size() != 1) return false;
    slots_.figures.clear();
    const pb::Query& made = composed.queries[0];
    if (was_list || IsCount(query_)) {
      MoveAmongToFilters();
      // Times and lengths are of successes: they are not asked of failures that were only counted or listed.
      const bool successes = RowOf(made.measure()).population == Population::kSuccesses;
      if (successes) {
        EraseField(pb::FILTER_FIELD_SUCCESS);
        EraseField(pb::FILTER_FIELD_ERROR_TYPE);
      }
    }
    query_.clear_percentile();
    query_.clear_also();
    query_.clear_order();
    query_.clear_limit();
    query_.clear_explain();
    query_.clear_whole();
    query_.clear_per_group();
    if (query_.presentation() != pb::PRESENTATION_CHART) query_.clear_presentation();
    query_.set_measure(made.measure());
    query_.set_statistic(made.statistic());
    if (made.has_percentile()) query_.set_percentile(made.percentile());
    *query_.mutable_also() = made.also();
    if (was_list) query_.clear_group_by();
    return true;
  }
  bool KeepsMeasure() const {
    return before_.measure() != pb::MEASURE_RESULTS && before_.measure() != pb::MEASURE_RUN && before_.measure();
  }
  bool KeepsStatistic(const Sense& sense) const {
    if (!IsFigures(before_) || IsCount(before_) || !before_.also().empty()) return false;
    const bool verdict =
        RowOf(sense.measure).unit == MeasureUnit::kVerdict || RowOf(before_.measure()).unit == MeasureUnit::kVerdict;
    return !verdict && before_.statistic() != pb::STATISTIC_CORRELATION &&
           before_.statistic() != pb::STATISTIC_DISTRIBUTION;
  }

  bool SetCounted() {
    pb::Query query;
    if (!SetPopulation(query)) return false;
    if (query.slices().empty()) query.mutable_filters()->Swap(query.mutable_among());
    query.set_measure(pb::MEASURE_RESULTS);
    query.set_statistic(pb::STATISTIC_COUNT);
    query_ = query;
    return true;
  }

  bool ChangeGroup() {
    if (!slots_.group) return false;
    const pb::Grouping group = std::exchange(slots_.group, pb::GROUPING_UNSPECIFIED);
    slots_.nouns.clear();
    if (query_.statistic() == pb::STATISTIC_SUMMARY || query_.statistic() == pb::STATISTIC_CORRELATION) return false;
    if (query_.statistic() == pb::STATISTIC_DISTRIBUTION) query_.set_statistic(pb::STATISTIC_MEAN);
    if (IsList(query_)) {
      const bool ranked = IsRankedList(query_);
      query_.clear_limit();
      query_.clear_order();
      query_.clear_explain();
      query_.clear_whole();
      if (!ranked) query_.set_measure(pb::MEASURE_RESULTS);
      query_.set_statistic(ranked ? pb::STATISTIC_MEAN : pb::STATISTIC_COUNT);
    }
    query_.set_group_by(group);
    return true;
  }

  // And overall?
  bool ChangeOverall() {
    if (!slots_.Says("overall") || !query_.group_by() || IsList(query_)) return false;
    slots_.Take("overall");
    query_.clear_group_by();
    query_.clear_order();
    query_.clear_limit();
    return true;
  }

  bool ChangeShown() {
    bool changed = false;
    if (slots_.Take("chart")) {
      query_.set_presentation(pb::PRESENTATION_CHART);
      changed = true;
    }
    if (slots_.Take("table")) {
      query_.set_presentation(pb::PRESENTATION_TABLE);
      changed = true;
    }
    if (slots_.Take("why")) {
      if (!IsList(query_)) {
        // Why something is as it is, is known of single results alone.
        if (!IsCount(query_) || !SetCounted() || query_.filters().empty()) return false;
        query_.set_statistic(pb::STATISTIC_LIST);
      }
      query_.set_explain(true);
      if (IsRankedList(query_) && !query_.has_limit()) query_.set_limit(3);
      slots_.Take("howfast");
      changed = true;
    }
    if (slots_.Take("whole")) {
      if (!IsList(query_)) return false;
      query_.set_whole(true);
      changed = true;
    }
    const bool lists =
        slots_.Says("list") && !changed && !IsList(query_) && slots_.figures.empty() && slots_.filters.empty();
    if (lists) {
      if (!SetCounted()) return false;
      query_.set_statistic(pb::STATISTIC_LIST);
      changed = true;
    }
    return changed;
  }

  Slots slots_;
  const pb::Query& before_;
  pb::Query query_;
};

}  // namespace

bool NamesOne(const pb::Query& query) { return IsOne(query); }

std::optional<pb::Query> Edit(Slots slots, const pb::Query& before) { return Editor(std::move(slots), before).Edit(); }

pb::FilterField SpokenOf(const pb::Query& query) {
  pb::FilterField field = pb::FILTER_FIELD_UNSPECIFIED;
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) {
      if (MeasureOf(filter.field())) field = filter.field();
    }
  }
  return field ? field : RowOf(query.measure()).field;
}

}  // namespace ftl::analytics
