#include "services/analytics/planner/edit/editor.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/composer.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

bool Editor::Change() {
  if (ChangeCounted()) return true;
  if (ChangeToRuns()) return true;
  // With a question of its own, whole, nothing is changed.
  const bool own = (slots_.Says("list") || slots_.Says("any") || slots_.Says("count") || slots_.Says("share")) &&
                   !slots_.filters.empty() && !slots_.Says("only");
  if (own || !slots_.facts.empty() || slots_.difference || slots_.Says("correlate") || slots_.Says("compare"))
    return false;
  if (slots_.Says("share") || !slots_.comparatives.empty()) return false;
  if (before_.statistic() == pb::STATISTIC_DIFFERENCE || before_.measure() == pb::MEASURE_RUN) return false;
  // A figure and an order of results are no one change.
  const bool orders = slots_.order || !slots_.ranks.empty();
  if (orders && !slots_.figures.empty()) return false;
  if (!ResolveTexts()) return false;
  constexpr Changed (Editor::*kSteps[])() = {&Editor::ChangeExport,  &Editor::ChangeRun,     &Editor::ChangePrompts,
                                             &Editor::ChangeFilters, &Editor::ChangeOverall, &Editor::ChangePart,
                                             &Editor::ChangeRank,    &Editor::ChangeFigures, &Editor::ChangeGroup,
                                             &Editor::ChangeShown};
  bool changed = false;
  for (const auto step : kSteps) {
    const Changed made = (this->*step)();
    if (made == Changed::kImpossible) return false;
    changed = changed || made == Changed::kMade;
  }
  return changed && slots_.filters.empty();
}

// And how many were truncated? Of those that were counted among before.
bool Editor::ChangeCounted() {
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
bool Editor::ChangeToRuns() {
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

Editor::Changed Editor::ChangeExport() {
  const bool asked = slots_.Take("export");
  if (!asked && !slots_.format) return Changed::kNothing;
  // What is exported are results as they are.
  if (!slots_.figures.empty() || slots_.group) return Changed::kImpossible;
  pb::Query query = ListOf(pb::MEASURE_RESULTS);
  if (!SetPopulation(query)) return Changed::kImpossible;
  if (query.slices().empty()) query.mutable_filters()->Swap(query.mutable_among());
  query.set_presentation(pb::PRESENTATION_EXPORT);
  query.set_export_format(slots_.format.value_or("csv"));
  slots_.format.reset();
  query_ = query;
  return Changed::kMade;
}

Editor::Changed Editor::ChangeRun() {
  if (slots_.Take("allruns")) {
    EraseField(pb::FILTER_FIELD_RUN);
    query_.set_all_runs(true);
    return Changed::kMade;
  }
  if (slots_.runs.size() != 1) return Changed::kNothing;
  const auto is_of_two = [](const pb::Filter& filter) { return filter.has_in_run(); };
  const bool of_two = std::any_of(query_.filters().begin(), query_.filters().end(), is_of_two) ||
                      std::any_of(query_.among().begin(), query_.among().end(), is_of_two);
  if (of_two) return Changed::kImpossible;
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
  return Changed::kMade;
}

// And #9?
Editor::Changed Editor::ChangePrompts() {
  // And 22, after #17.
  const auto is_prompt = [](const pb::Filter& filter) { return filter.field() == pb::FILTER_FIELD_PROMPT_ID; };
  const bool of_prompt = std::any_of(query_.filters().begin(), query_.filters().end(), is_prompt) ||
                         std::any_of(query_.among().begin(), query_.among().end(), is_prompt);
  if (slots_.prompts.empty() && slots_.number && of_prompt) {
    slots_.prompts = {*slots_.number};
    slots_.number.reset();
  }
  if (slots_.prompts.size() != 1) return Changed::kNothing;
  const pb::Filter filter = NumberFilter(pb::FILTER_FIELD_PROMPT_ID, pb::COMPARISON_EQUAL, slots_.prompts[0]);
  if (!ReplaceField(filter)) return Changed::kNothing;
  slots_.prompts.clear();
  return Changed::kMade;
}

Editor::Changed Editor::ChangeFilters() {
  if (slots_.filters.empty()) return Changed::kNothing;
  if (!slots_.prompts.empty() || query_.statistic() == pb::STATISTIC_SUMMARY) return Changed::kImpossible;
  if (query_.has_having() && SpeakOfNumbers()) return ChangeBound();
  const bool only = slots_.Says("only");
  const bool too = slots_.Take("too");
  for (const Slots::Placed& placed : slots_.filters) {
    const pb::FilterField field = placed.filter.field();
    const bool text = RowOf(field).kind == FieldKind::kText && field != pb::FILTER_FIELD_CATEGORY &&
                      field != pb::FILTER_FIELD_DIFFICULTY;
    // Only the timeouts of the failed ones.
    const bool adds = only && text && field != pb::FILTER_FIELD_ERROR_TYPE;
    if (too && JoinField(placed.filter)) continue;
    if (!adds && field && !MeetsOtherwise(placed.filter) && ReplaceField(placed.filter)) continue;
    const bool leaves_out = placed.filter.comparison() == pb::COMPARISON_NOT_EQUAL;
    if (field == pb::FILTER_FIELD_ERROR_TYPE && !leaves_out) EraseField(pb::FILTER_FIELD_SUCCESS);
    if (field == pb::FILTER_FIELD_SUCCESS) EraseField(pb::FILTER_FIELD_ERROR_TYPE);
    const bool among = (IsCount(query_) && !query_.filters().empty()) || !query_.slices().empty();
    *(among ? query_.add_among() : query_.add_filters()) = placed.filter;
  }
  slots_.filters.clear();
  if (IsCount(query_) && query_.filters().empty()) query_.mutable_filters()->Swap(query_.mutable_among());
  return Changed::kMade;
}

bool Editor::SpeakOfNumbers() const {
  return std::any_of(slots_.filters.begin(), slots_.filters.end(),
                     [](const Slots::Placed& placed) { return MeasureOf(placed.filter.field()).has_value(); });
}

// And over 3 seconds, after groups whose average is over 2: the bound is of their figure, as before.
Editor::Changed Editor::ChangeBound() {
  const pb::Filter& filter = slots_.filters[0].filter;
  const bool is_sign = filter.comparison() >= pb::COMPARISON_EQUAL &&
                       filter.comparison() <= pb::COMPARISON_GREATER_OR_EQUAL && filter.has_number();
  const bool of_figure = filter.field() == RowOf(query_.measure()).field && !filter.has_than();
  if (slots_.filters.size() != 1 || !is_sign || !of_figure) return Changed::kImpossible;
  query_.mutable_having()->set_comparison(filter.comparison());
  query_.mutable_having()->set_number(filter.number());
  query_.mutable_having()->clear_than_all();
  slots_.filters.clear();
  return Changed::kMade;
}

// And without the slowest? For the first 10 prompts. The first ten, of what was listed.
Editor::Changed Editor::ChangePart() {
  if (slots_.parts.empty()) return Changed::kNothing;
  if (slots_.parts.size() > 1) return Changed::kImpossible;
  const Sense part = slots_.parts[0];
  slots_.parts.clear();
  const bool by_number = !part.measure && part.word.empty();
  if (by_number && !part.negated && slots_.nouns.empty() && IsList(query_) && part.order == pb::ORDER_ASCENDING) {
    const int rows = part.count.value_or(1);
    if (query_.has_limit() && query_.limit() < rows) return Changed::kImpossible;  // so many were not listed
    query_.set_limit(rows);
    return Changed::kMade;
  }
  if (!query_.slices().empty() || IsCount(query_) || !part.word.empty()) return Changed::kImpossible;
  if (by_number == part.negated) return Changed::kImpossible;
  pb::Slice slice = SliceBy(part.measure, part.order, part.count.value_or(1), 0);
  if (part.share) {
    slice.clear_count();
    slice.set_share(*part.share);
  }
  if (part.negated) slice.set_exclude(true);
  MoveFiltersToAmong();
  *query_.add_slices() = slice;
  return Changed::kMade;
}

// And the fastest? Sort by slowest. Show 10.
Editor::Changed Editor::ChangeRank() {
  if (slots_.number && IsList(query_) && slots_.ranks.empty()) {
    if (*slots_.number < 1 || *slots_.number > kMostRows) return Changed::kImpossible;
    query_.set_limit(static_cast<int32_t>(*slots_.number));
    slots_.number.reset();
    return Changed::kMade;
  }
  if (slots_.Says("more")) {
    if (!IsList(query_)) return Changed::kImpossible;
    slots_.Take("more");
    query_.set_limit(kMostRows);
    return Changed::kMade;
  }
  // And which is the worst? By the figure of the groups that were told.
  if (slots_.goodness.size() == 1 && query_.group_by() && IsFigures(query_) && slots_.ranks.empty()) {
    Sense rank;
    rank.measure = query_.measure();
    const bool best = slots_.goodness[0].order == pb::ORDER_DESCENDING;
    const std::optional<pb::Order> order = OrderOfGoodness(rank.measure, best);
    if (!order) return Changed::kImpossible;
    rank.order = *order;
    slots_.ranks.push_back(rank);
    slots_.goodness.clear();
    slots_.Take("list");
  }
  // Which one used the least?
  if (slots_.direction && query_.group_by() && IsFigures(query_) && slots_.ranks.empty() && !slots_.order) {
    slots_.ranks.push_back(Sense{.measure = query_.measure(), .order = slots_.direction->order});
    slots_.direction.reset();
    slots_.Take("list");
  }
  const bool sorts = slots_.order.has_value();
  if (!sorts && slots_.ranks.empty()) return Changed::kNothing;
  if (slots_.ranks.size() + (sorts ? 1 : 0) > 1) return Changed::kImpossible;
  Sense rank = sorts ? *slots_.order : slots_.ranks[0];
  slots_.order.reset();
  slots_.ranks.clear();
  if (rank.word == "length") rank.measure = pb::MEASURE_RESPONSE_LENGTH;
  if (rank.word == "tokens") rank.measure = pb::MEASURE_OUTPUT_TOKENS;
  // Top 10: as they were ranked, or by the groups' figure.
  const bool as_before = !rank.measure && (IsList(before_) || query_.group_by());
  if (as_before) rank.measure = before_.measure();
  if (as_before && !sorts && IsRankedList(before_)) rank.order = before_.order();
  if (rank.word == "best" || rank.word == "worst") {
    const std::optional<pb::Order> order = OrderOfGoodness(rank.measure, rank.word == "best");
    if (!order || IsRankedList(before_)) return Changed::kImpossible;
    rank.order = *order;
    rank.word.clear();
  }
  const bool counts_groups = query_.group_by() && !IsList(query_);
  if (!rank.measure || rank.share || (rank.measure == pb::MEASURE_RESULTS && !counts_groups)) {
    return Changed::kImpossible;
  }
  if (query_.group_by() && !IsList(query_)) {
    query_.set_order(rank.order);
    if (rank.count && !sorts) query_.set_limit(*rank.count);
    return sorts || query_.measure() == rank.measure ? Changed::kMade : Changed::kImpossible;
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
    if (!was_ranked) return Changed::kImpossible;
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
  return Changed::kMade;
}

// And the p99? What about output tokens?
Editor::Changed Editor::ChangeFigures() {
  if (slots_.Take("count")) {
    return slots_.figures.empty() && SetCounted() ? Changed::kMade : Changed::kImpossible;
  }
  if (slots_.figures.empty()) return Changed::kNothing;
  if (query_.has_having() || query_.ratio()) return Changed::kImpossible;  // the bound would be of another figure
  if (query_.statistic() == pb::STATISTIC_SUMMARY) query_ = pb::Query();
  const bool was_list = IsList(query_);
  for (Slots::Named& figure : slots_.figures) {
    if (!figure.sense.measure && figure.sense.word.empty() && KeepsMeasure()) figure.sense.measure = before_.measure();
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
  if (composed.queries.size() != 1) return Changed::kImpossible;
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
  return Changed::kMade;
}

bool Editor::KeepsMeasure() const {
  return before_.measure() != pb::MEASURE_RESULTS && before_.measure() != pb::MEASURE_RUN && before_.measure();
}

bool Editor::KeepsStatistic(const Sense& sense) const {
  if (!IsFigures(before_) || IsCount(before_) || !before_.also().empty()) return false;
  const bool verdict =
      RowOf(sense.measure).unit == MeasureUnit::kVerdict || RowOf(before_.measure()).unit == MeasureUnit::kVerdict;
  return !verdict && before_.statistic() != pb::STATISTIC_CORRELATION &&
         before_.statistic() != pb::STATISTIC_DISTRIBUTION;
}

Editor::Changed Editor::ChangeGroup() {
  if (!slots_.group) return Changed::kNothing;
  const pb::Grouping group = std::exchange(slots_.group, pb::GROUPING_UNSPECIFIED);
  slots_.nouns.clear();
  if (query_.ratio()) return Changed::kImpossible;
  if (query_.statistic() == pb::STATISTIC_SUMMARY || query_.statistic() == pb::STATISTIC_CORRELATION) {
    return Changed::kImpossible;
  }
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
  // For all categories, after those of one.
  if (group == pb::GROUPING_CATEGORY) EraseValue(pb::FILTER_FIELD_CATEGORY);
  if (group == pb::GROUPING_DIFFICULTY) EraseValue(pb::FILTER_FIELD_DIFFICULTY);
  query_.set_group_by(group);
  return Changed::kMade;
}

// And overall?
Editor::Changed Editor::ChangeOverall() {
  if (!slots_.Says("overall") || IsList(query_)) return Changed::kNothing;
  // After those of billing: of all categories.
  if (!query_.group_by()) {
    const std::string before = query_.SerializeAsString();
    EraseValue(pb::FILTER_FIELD_CATEGORY);
    EraseValue(pb::FILTER_FIELD_DIFFICULTY);
    if (query_.SerializeAsString() == before) return Changed::kNothing;
    slots_.Take("overall");
    return Changed::kMade;
  }
  slots_.Take("overall");
  query_.clear_group_by();
  query_.clear_compares();
  query_.clear_order();
  query_.clear_limit();
  return Changed::kMade;
}

Editor::Changed Editor::ChangeShown() {
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
      if (!IsCount(query_) || !SetCounted() || query_.filters().empty()) return Changed::kImpossible;
      query_.set_statistic(pb::STATISTIC_LIST);
    }
    query_.set_explain(true);
    if (IsRankedList(query_) && !query_.has_limit()) query_.set_limit(3);
    slots_.Take("howfast");
    changed = true;
  }
  if (slots_.Take("whole")) {
    if (!IsList(query_)) return Changed::kImpossible;
    query_.set_whole(true);
    changed = true;
  }
  const bool lists = slots_.Says("list") && !changed && !IsList(query_) && slots_.figures.empty() &&
                     slots_.filters.empty() && query_.group_by() == before_.group_by();
  if (lists) {
    if (!SetCounted()) return Changed::kImpossible;
    query_.set_statistic(pb::STATISTIC_LIST);
    changed = true;
  }
  return changed ? Changed::kMade : Changed::kNothing;
}

}  // namespace ftl::analytics
