#include "services/analytics/planner/edit/editor.h"

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

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

pb::Slice SliceBy(pb::Measure measure, pb::Order order, int count, int skip) {
  pb::Slice slice;
  slice.set_measure(measure);
  slice.set_order(order);
  slice.set_count(count);
  if (skip > 0) slice.set_skip(skip);
  return slice;
}

pb::Order Turned(pb::Order order) { return order == pb::ORDER_DESCENDING ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING; }

std::optional<pb::Query> Editor::Edit() && {
  const bool points = slots_.Says("those") || slots_.Says("it") || slots_.nth;
  if (slots_.Says("why")) slots_.Take("failed");
  if (points || slots_.Says("rest")) return OfWhatWasListed();
  if (slots_.Take("bytype")) slots_.group = pb::GROUPING_ERROR_TYPE;
  if (!Change() || query_.SerializeAsString() == before_.SerializeAsString()) return std::nullopt;
  for (const char* symbol : {"follow", "only", "list", "any", "and", "or", "all", "too"}) slots_.Take(symbol);
  slots_.nouns.clear();
  if (!slots_.IsEmpty()) return std::nullopt;
  return query_;
}

// What the query before chose, as the population of the next. Groups are no results.
bool Editor::SetPopulation(pb::Query& query) const {
  if (before_.group_by() && before_.per_group() == 0 && !IsCount(before_)) return false;
  if (before_.has_having()) return false;
  if (!before_.slices().empty() && !before_.filters().empty()) return false;
  if (before_.statistic() == pb::STATISTIC_DIFFERENCE || before_.measure() == pb::MEASURE_RUN ||
      before_.per_group() > 0) {
    return false;
  }
  *query.mutable_among() = before_.among();
  query.mutable_among()->MergeFrom(before_.filters());
  *query.mutable_slices() = before_.slices();
  if (before_.all_runs()) query.set_all_runs(true);
  const bool is_one = !before_.slices().empty() && NamesOne(before_);
  if (IsRankedList(before_) && !is_one) {
    const int rows = before_.has_limit() ? before_.limit() : kUsualRanked;
    if (rows < kMostRows) *query.add_slices() = SliceBy(before_.measure(), before_.order(), rows, 0);
  } else if (IsList(before_) && before_.has_limit() && before_.limit() < kMostRows) {
    *query.add_slices() = SliceBy(pb::MEASURE_UNSPECIFIED, pb::ORDER_ASCENDING, before_.limit(), 0);
  }
  return true;
}

pb::Query Editor::ListOf(pb::Measure measure) {
  pb::Query query;
  query.set_measure(measure);
  query.set_statistic(pb::STATISTIC_LIST);
  return query;
}

bool Editor::ResolveTexts() {
  for (Slots::Placed& placed : slots_.filters) {
    if (placed.compared) {
      const pb::FilterField field = SpokenOf(before_);
      if (!field) return false;
      placed.filter.set_field(field);
      const bool time = RowOf(*MeasureOf(field)).unit == MeasureUnit::kMilliseconds;
      if (time && placed.filter.number() <= 30) placed.filter.set_number(placed.filter.number() * 1000);
    } else if (!placed.filter.field() && placed.filter.any_of().empty()) {
      placed.filter.set_field(slots_.HasNoun("prompt") && !slots_.HasNoun("response") ? pb::FILTER_FIELD_PROMPT_TEXT
                                                                                      : pb::FILTER_FIELD_RESPONSE_TEXT);
    }
  }
  return true;
}

void Editor::EraseField(pb::FilterField field) {
  for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
    for (int i = filters->size(); i-- > 0;) {
      const pb::Filter& filter = (*filters)[i];
      if (filter.field() == field && filter.any_of().empty() && !filter.has_in_run()) filters->DeleteSubrange(i, 1);
    }
  }
}

// The one value that results have in the field; what leaves values out stays.
void Editor::EraseValue(pb::FilterField field) {
  for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
    for (int i = filters->size(); i-- > 0;) {
      const pb::Filter& filter = (*filters)[i];
      if (filter.field() == field && filter.comparison() == pb::COMPARISON_EQUAL) filters->DeleteSubrange(i, 1);
    }
  }
}

// Mentions "refund", and not "sorry": one goes beside the other.
bool Editor::MeetsOtherwise(const pb::Filter& filter) const {
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

bool Editor::ReplaceField(const pb::Filter& filter) {
  bool replaced = false;
  for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
    for (pb::Filter& there : *filters) {
      const bool is_other = there.field() != filter.field() || !there.any_of().empty() || there.has_in_run();
      if (replaced || is_other) continue;
      there = filter;
      replaced = true;
    }
  }
  return replaced;
}

// Billing too: one of both.
bool Editor::JoinField(const pb::Filter& filter) {
  if (filter.comparison() != pb::COMPARISON_EQUAL || !filter.has_text()) return false;
  for (Filters* filters : {query_.mutable_filters(), query_.mutable_among()}) {
    for (pb::Filter& there : *filters) {
      const bool joins = there.comparison() == pb::COMPARISON_EQUAL || there.comparison() == pb::COMPARISON_IN;
      if (there.field() != filter.field() || !there.any_of().empty() || there.has_in_run() || !joins) continue;
      if (there.texts().empty()) there.add_texts(there.text());
      there.clear_text();
      there.add_texts(filter.text());
      there.set_comparison(pb::COMPARISON_IN);
      return true;
    }
  }
  return false;
}

void Editor::MoveAmongToFilters() {
  query_.mutable_among()->MergeFrom(query_.filters());
  query_.mutable_filters()->Swap(query_.mutable_among());
  query_.clear_among();
}

void Editor::MoveFiltersToAmong() {
  query_.mutable_among()->MergeFrom(query_.filters());
  query_.clear_filters();
}

bool Editor::SetCounted() {
  pb::Query query;
  if (!SetPopulation(query)) return false;
  if (query.slices().empty()) query.mutable_filters()->Swap(query.mutable_among());
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_COUNT);
  query_ = query;
  return true;
}

}  // namespace ftl::analytics
