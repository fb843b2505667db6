#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/analytics/planner/dialogue.h"
#include "services/analytics/planner/settle.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

pb::Figure FigureOf(pb::Measure measure, pb::Statistic statistic, std::optional<double> percentile) {
  pb::Figure figure;
  figure.set_measure(measure);
  figure.set_statistic(statistic);
  if (percentile) figure.set_percentile(*percentile);
  return figure;
}

pb::Filter Outcome(bool success) {
  return TextFilter(pb::FILTER_FIELD_SUCCESS, pb::COMPARISON_EQUAL, success ? "true" : "false");
}

bool IsVerdict(pb::Measure measure) { return RowOf(measure).unit == MeasureUnit::kVerdict; }

// What "how many" of a measure sums up.
bool AddsUp(pb::Measure measure) {
  const MeasureUnit unit = RowOf(measure).unit;
  return unit == MeasureUnit::kTokens || unit == MeasureUnit::kCharacters || unit == MeasureUnit::kWords ||
         unit == MeasureUnit::kCalls;
}

// Says where or when rather than how: among those a count is counted.
bool IsAttribute(pb::FilterField field) {
  return field == pb::FILTER_FIELD_CATEGORY || field == pb::FILTER_FIELD_DIFFICULTY || field == pb::FILTER_FIELD_HALF ||
         field == pb::FILTER_FIELD_RUN || field == pb::FILTER_FIELD_PROMPT_ID;
}

Composed Draft::Compose() && {
  Composed composed;
  if (!slots_.topics.empty()) {
    composed.refusal = GravestTopic();
    return composed;
  }
  if (SaySeveral(composed)) return composed;
  PointWhereNothingElseIsSpokenOf();
  const Slots said = slots_;
  if (LeansOnBefore()) {
    if (std::optional<pb::Query> query = Edit(slots_, *before_)) {
      composed.queries = {*query};
      return composed;
    }
    // What speaks of those that were listed is of nothing else.
    slots_ = said;
    // What goes on from the question before, and cannot, is no question of its own.
    const bool goes_on = slots_.Says("follow") || slots_.Says("only") || slots_.Says("too");
    if (goes_on && !slots_.HasHead() && slots_.prompts.empty()) return composed;
    if (NamesPartAlone() && before_->statistic() == pb::STATISTIC_LIST) return composed;
    const bool points = slots_.Says("those") || slots_.Says("it");
    const bool at_groups = before_->group_by() && before_->per_group() == 0;
    if (slots_.Says("rest") || (points && at_groups && slots_.facts != std::vector<std::string>{"duration"})) {
      return composed;
    }
    // Of a single figure over all, those are all.
    const bool at_all = before_->filters().empty() && before_->among().empty() && before_->slices().empty() &&
                        before_->statistic() != pb::STATISTIC_LIST && slots_.HasHead();
    if (slots_.Says("those") && !at_all) return composed;
    const bool at_one =
        NamesOne(*before_) || (before_->slices_size() > 0 && before_->statistic() != pb::STATISTIC_LIST);
    if (slots_.Says("it") && at_one && slots_.facts.empty()) return composed;
  }
  if (slots_.Says("help") && !slots_.HasNoun("prompt") && slots_.filters.empty() && slots_.figures.empty()) {
    composed.wants_help = true;
    return composed;
  }
  if (!Say(composed)) return {};
  return composed;
}

Topic Draft::TopicOf(const std::string& word) {
  if (word == "cost") return Topic::kCost;
  if (word == "quality") return Topic::kQuality;
  if (word == "other_session") return Topic::kOtherSession;
  if (word == "secrets") return Topic::kSecrets;
  if (word == "instructions") return Topic::kInstructions;
  if (word == "actions") return Topic::kActions;
  return Topic::kElsewhere;
}

// Of several topics the one that explains most.
Topic Draft::GravestTopic() const {
  constexpr Topic kOrder[] = {Topic::kInstructions, Topic::kSecrets, Topic::kOtherSession, Topic::kElsewhere,
                              Topic::kActions,      Topic::kCost,    Topic::kQuality};
  for (const Topic topic : kOrder) {
    for (const std::string& word : slots_.topics) {
      if (TopicOf(word) == topic) return topic;
    }
  }
  return Topic::kElsewhere;
}

// Whether the question changes the one before rather than asking one of its own.
bool Draft::LeansOnBefore() const {
  if (!before_) return false;
  if (slots_.Says("follow") || slots_.Says("those") || slots_.Says("it") || slots_.Says("only") ||
      slots_.Says("more") || slots_.Says("rest") || slots_.Says("overall") || slots_.Says("too") || slots_.order) {
    return true;
  }
  if (slots_.Says("bytype") && slots_.filters.empty()) return true;
  if (NamesPartAlone()) return true;
  // Which is the worst, of groups that were told.
  if (!slots_.goodness.empty() && before_->group_by() && slots_.figures.empty() && slots_.nouns.empty()) return true;
  const bool points = slots_.nth && slots_.figures.empty() && slots_.ranks.empty();
  // Top 10, of what was ranked.
  const bool top = slots_.ranks.size() == 1 && !slots_.ranks[0].measure && slots_.ranks[0].word.empty() &&
                   slots_.figures.empty() && slots_.filters.empty() && !slots_.group && slots_.nouns.empty();
  if (top) return true;
  // Compare with run 2.
  if (slots_.Says("compare") && slots_.runs.size() == 1 && slots_.figures.empty() && slots_.filters.empty())
    return true;
  const bool why = slots_.Says("why") && slots_.filters.empty() && slots_.prompts.empty() && slots_.ranks.empty() &&
                   slots_.figures.empty();
  const bool whole = slots_.Says("whole") && slots_.prompts.empty() && slots_.ranks.empty();
  const bool shown = (slots_.Says("chart") || slots_.Says("table") || slots_.Says("export") || slots_.format) &&
                     slots_.figures.empty() && slots_.filters.empty() && slots_.ranks.empty() && !slots_.group;
  const bool bare = slots_.said.empty() && slots_.nouns.empty() && slots_.figures.size() <= 1 && slots_.facts.empty() &&
                    slots_.ranks.empty() && !slots_.difference;
  // A measure and a statistic are whole; one of them leans on the other.
  const bool half_figure =
      bare && slots_.figures.size() == 1 && (!slots_.figures[0].sense.statistic || IsBare(slots_.figures[0].sense));
  // Errors by type are a question of their own.
  const bool own_group = slots_.group == pb::GROUPING_ERROR_TYPE && !slots_.by;
  // Failures? They are listed, rather than the figure before made one of failures.
  const bool own_filter = slots_.filters.size() == 1 && RowOf(slots_.filters[0].filter.field()).chooses_outcome &&
                          !slots_.filters[0].negated && before_->statistic() != pb::STATISTIC_LIST &&
                          before_->measure() != pb::MEASURE_RESULTS;
  const bool fragment = bare && slots_.figures.empty() && !own_group && !own_filter;
  const bool counts_alone = slots_.said == std::set<std::string>{"count"} && slots_.figures.empty() &&
                            slots_.filters.empty() && slots_.nouns.empty() && !slots_.group;
  const bool lists_alone = slots_.said == std::set<std::string>{"list"} && slots_.figures.empty() &&
                           !slots_.difference && slots_.filters.empty() && slots_.nouns.empty() && !slots_.group &&
                           slots_.ranks.empty() && slots_.prompts.empty() && slots_.facts.empty();
  // In which categories, of what was listed.
  const bool groups_alone = slots_.said == std::set<std::string>{"list"} && slots_.group && !slots_.by &&
                            slots_.figures.empty() && slots_.filters.empty() && slots_.ranks.empty() &&
                            before_->statistic() == pb::STATISTIC_LIST && !before_->filters().empty();
  if (counts_alone || lists_alone || groups_alone) return true;
  return points || why || whole || shown || half_figure || fragment;
}

// The first ten, of what was listed.
bool Draft::NamesPartAlone() const {
  return slots_.parts.size() == 1 && slots_.nouns.empty() && slots_.figures.empty() && slots_.filters.empty() &&
         slots_.said.empty();
}

bool Draft::IsBare(const Sense& sense) { return !sense.measure && sense.word.empty(); }

// How many took over 1 s, over 2 s and over 3 s: bounds of one field that say nothing together are a question each.
bool Draft::SaySeveral(Composed& composed) const {
  std::vector<size_t> bounds;
  for (size_t i = 0; i < slots_.filters.size(); ++i) {
    const pb::Filter& filter = slots_.filters[i].filter;
    if (!filter.has_number() || !MeasureOf(filter.field()) || filter.comparison() == pb::COMPARISON_BETWEEN) continue;
    if (!bounds.empty() && slots_.filters[bounds[0]].filter.field() != filter.field()) return false;
    bounds.push_back(i);
  }
  if (bounds.size() < 2 || bounds.size() > 4) return false;
  for (size_t i = 1; i < bounds.size(); ++i) {
    if (Meet(slots_.filters[bounds[i - 1]].filter, slots_.filters[bounds[i]].filter)) return false;
  }
  for (const size_t kept : bounds) {
    Slots one = slots_;
    for (size_t i = bounds.size(); i-- > 0;) {
      if (bounds[i] != kept) one.filters.erase(one.filters.begin() + static_cast<std::ptrdiff_t>(bounds[i]));
    }
    const Composed made = Draft(std::move(one), before_).Compose();
    if (made.queries.size() != 1) {
      composed.queries.clear();
      return false;
    }
    composed.queries.push_back(made.queries[0]);
  }
  return true;
}

// Whether two bounds of one field make a range: one from below, one from above, and something between.
bool Draft::Meet(const pb::Filter& one, const pb::Filter& other) {
  const auto is_lower = [](const pb::Filter& filter) {
    return filter.comparison() == pb::COMPARISON_GREATER || filter.comparison() == pb::COMPARISON_GREATER_OR_EQUAL;
  };
  const auto is_upper = [](const pb::Filter& filter) {
    return filter.comparison() == pb::COMPARISON_LESS || filter.comparison() == pb::COMPARISON_LESS_OR_EQUAL;
  };
  if (is_upper(one) && is_lower(other)) return Meet(other, one);
  if (is_lower(one) && is_upper(other)) {
    const bool both_hold =
        one.comparison() == pb::COMPARISON_GREATER_OR_EQUAL && other.comparison() == pb::COMPARISON_LESS_OR_EQUAL;
    return both_hold ? one.number() <= other.number() : one.number() < other.number();
  }
  return !(is_lower(one) && is_lower(other)) && !(is_upper(one) && is_upper(other));
}

// Of the one result that was just told: how fast? How many tokens? And: what share, of what was just counted.
void Draft::PointWhereNothingElseIsSpokenOf() {
  if (!before_) return;
  Slots rest = slots_;
  const bool asks_time = rest.Take("howfast") || rest.Take("howlong");
  const bool asks_share = rest.Take("share");
  const bool counts = rest.Take("count");
  const bool measures =
      rest.figures.size() == 1 && !rest.figures[0].sense.statistic && !IsVerdict(rest.figures[0].sense.measure);
  if (measures) rest.figures.clear();
  rest.Take("follow");
  if (!rest.IsEmpty()) return;
  if (NamesOne(*before_) && !asks_share && (asks_time || measures)) slots_.said.insert("it");
  const bool counted = before_->measure() == pb::MEASURE_RESULTS && before_->statistic() == pb::STATISTIC_COUNT;
  if (asks_share && counted && !asks_time && !measures && !counts && slots_.share_of.empty()) {
    slots_.said.insert("those");
  }
}

// Makes the query; false where too little is said, or where something is left.
bool Draft::Say(Composed& composed) {
  if (!Prepare()) return false;
  if (SayBothEnds(composed) || SayFactsOfTwoRuns(composed)) return true;
  if (SayAmbiguous(composed)) return true;
  constexpr bool (Draft::*kWays[])() = {
      &Draft::SayExport,  &Draft::SayFacts, &Draft::SaySummary, &Draft::SayDifference, &Draft::SayCorrelation,
      &Draft::SayWhole,   &Draft::SayWhy,   &Draft::SayRanking, &Draft::SayImproved,   &Draft::SayComparison,
      &Draft::SayFigures, &Draft::SayShare, &Draft::SayCount,   &Draft::SayGroups,     &Draft::SayList};
  for (const auto way : kWays) {
    Draft trial(*this);
    if (!(trial.*way)()) continue;
    if (trial.PointsAtUnnamedCategory()) continue;
    trial.Finish();
    if (!trial.slots_.IsEmpty()) continue;
    composed.queries = {trial.query_};
    return true;
  }
  return false;
}

// How many failed in that category: which one is not said.
bool Draft::PointsAtUnnamedCategory() const {
  if (!says_category_ || query_.group_by()) return false;
  const auto names = [](const pb::Filter& filter) { return filter.field() == pb::FILTER_FIELD_CATEGORY; };
  return std::none_of(query_.filters().begin(), query_.filters().end(), names) &&
         std::none_of(query_.among().begin(), query_.among().end(), names) &&
         std::none_of(slots_.filters.begin(), slots_.filters.end(),
                      [&](const Slots::Placed& placed) { return names(placed.filter); });
}

bool Draft::Prepare() {
  std::optional<Settled> settled = Settle(std::move(slots_), before_);
  if (!settled) return false;
  slots_ = std::move(settled->slots);
  prompts_ = settled->prompts;
  compared_runs_ = settled->compared_runs;
  says_category_ = slots_.HasNoun("category");
  TakeParts();
  if (!TakeConfirmed() || !TakeGoodness()) return false;
  if (slots_.Take("allruns")) query_.set_all_runs(true);
  if (slots_.Take("chart")) query_.set_presentation(pb::PRESENTATION_CHART);
  if (slots_.Take("table")) query_.set_presentation(pb::PRESENTATION_TABLE);
  for (const char* symbol : {"follow", "those", "it", "only", "and", "or", "too"}) slots_.Take(symbol);
  if (!slots_.group) slots_.Take("overall");
  if (slots_.Take("both") && !SpeaksOfTwo()) return false;
  // More than 5 % of them: which share it is, is told.
  if (slots_.Take("Over")) {
    if (slots_.group || slots_.Says("list")) return false;
    const bool rate = slots_.figures.size() == 1 && IsVerdict(slots_.figures[0].sense.measure);
    if (!rate && !slots_.figures.empty()) return false;
    if (!rate) slots_.said.insert("share");
  }
  // Errors by type.
  if (slots_.Take("bytype")) {
    if (slots_.group || !(HasField(pb::FILTER_FIELD_SUCCESS) || HasField(pb::FILTER_FIELD_ERROR_TYPE))) return false;
    slots_.group = pb::GROUPING_ERROR_TYPE;
    slots_.Take("any");
  }
  return true;
}

// Both billing and returns, both the mean and the median.
bool Draft::SpeaksOfTwo() const {
  const bool two_values = std::any_of(slots_.filters.begin(), slots_.filters.end(), [](const Slots::Placed& placed) {
    return placed.filter.texts_size() == 2 || placed.filter.numbers_size() == 2;
  });
  const auto measures = std::count_if(slots_.figures.begin(), slots_.figures.end(), [](const Slots::Named& figure) {
    return figure.sense.measure != pb::MEASURE_UNSPECIFIED;
  });
  const auto statistics = std::count_if(slots_.figures.begin(), slots_.figures.end(), [](const Slots::Named& figure) {
    return figure.sense.statistic != pb::STATISTIC_UNSPECIFIED;
  });
  return two_values || measures == 2 || statistics == 2 || prompts_ == 2;
}

// There were 5 timeouts, right? How many there were is told, and that they are not 5. There were none, right? How many
// there were. Billing is the slowest category, right? Which one is.
bool Draft::TakeConfirmed() {
  // How come 15 prompts failed: that 15 did is taken for granted.
  if (slots_.number && slots_.Says("why") && !slots_.filters.empty()) slots_.definite = true;
  if (!slots_.Take("Confirm")) return true;
  if (!slots_.figures.empty() || slots_.Says("count") || slots_.Says("share")) return false;
  const bool of_groups = slots_.group == pb::GROUPING_CATEGORY || slots_.HasNoun("category");
  if (!slots_.ranks.empty() && of_groups && SaysCategoryBefore()) {
    EraseField(pb::FILTER_FIELD_CATEGORY);
    slots_.group = pb::GROUPING_CATEGORY;
    return true;
  }
  if (!slots_.ranks.empty()) return false;
  if (slots_.number) {
    slots_.definite = true;
    return !slots_.filters.empty();
  }
  const auto negated = std::find_if(slots_.filters.begin(), slots_.filters.end(),
                                    [](const Slots::Placed& placed) { return placed.negated; });
  if (negated == slots_.filters.end() || !OthersAreAttributes(*negated)) return false;
  const std::optional<pb::Filter> turned = Negated(negated->filter);
  if (!turned) return false;
  negated->filter = *turned;
  slots_.said.insert("count");
  return true;
}

// The worst category by failure rate: of what has an end that is better, the best and the worst are its ends.
bool Draft::TakeGoodness() {
  if (slots_.goodness.empty()) return true;
  const bool of_groups = slots_.group || slots_.HasNoun("category");
  if (!of_groups || !slots_.ranks.empty() || slots_.Says("count")) return false;
  // The worst failure rate is the highest.
  if (slots_.Says("share") && !slots_.share_of.empty() && slots_.goodness.size() == 1 && slots_.figures.empty()) {
    const bool best = slots_.goodness[0].order == pb::ORDER_DESCENDING;
    slots_.direction = Sense{.order = best ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING};
    slots_.goodness.clear();
    return true;
  }
  Sense by;
  if (slots_.order) {
    by = *std::exchange(slots_.order, std::nullopt);
  } else if (slots_.figures.size() == 1) {
    by = slots_.figures[0].sense;
    slots_.figures.clear();
  }
  for (const Sense& end : slots_.goodness) {
    const std::optional<pb::Order> order = OrderOfGoodness(by.measure, end.order == pb::ORDER_DESCENDING);
    if (!order) return false;
    Sense rank = by;
    rank.order = *order;
    slots_.ranks.push_back(std::move(rank));
  }
  slots_.goodness.clear();
  return true;
}

void Draft::TakeParts() {
  for (const Sense& part : slots_.parts) *query_.add_slices() = SliceOf(part);
  slots_.parts.clear();
}

pb::Slice Draft::SliceOf(const Sense& rank) {
  pb::Slice slice;
  slice.set_measure(rank.measure);
  slice.set_order(rank.order);
  if (rank.share) slice.set_share(*rank.share);
  if (!rank.share) slice.set_count(rank.count.value_or(1));
  if (rank.skip.value_or(0) > 0) slice.set_skip(*rank.skip);
  if (rank.negated) slice.set_exclude(true);
  return slice;
}

bool Draft::HasField(pb::FilterField field) const {
  return std::any_of(slots_.filters.begin(), slots_.filters.end(),
                     [&](const Slots::Placed& placed) { return placed.filter.field() == field; });
}

void Draft::EraseField(pb::FilterField field) {
  slots_.filters.erase(std::remove_if(slots_.filters.begin(), slots_.filters.end(),
                                      [&](const Slots::Placed& placed) { return placed.filter.field() == field; }),
                       slots_.filters.end());
}

// The 12 failures: that there are 12 is taken for granted.
void Draft::TakePresumed() {
  if (!slots_.number || !slots_.definite) return;
  query_.set_presumed(static_cast<int64_t>(*slots_.number));
  slots_.number.reset();
}

bool Draft::TakeLimit() {
  if (!slots_.number) return true;
  if (*slots_.number < 1 || *slots_.number > 1000) return false;
  query_.set_limit(static_cast<int32_t>(*slots_.number));
  slots_.number.reset();
  return true;
}

void Draft::TakeGroup() {
  if (!slots_.group) return;
  query_.set_group_by(slots_.group);
  slots_.group = pb::GROUPING_UNSPECIFIED;
  EraseNoun("category");
  for (const char* symbol : {"list", "each", "per"}) slots_.Take(symbol);
}

void Draft::EraseNoun(const std::string& noun) {
  slots_.nouns.erase(
      std::remove_if(slots_.nouns.begin(), slots_.nouns.end(), [&](const auto& said) { return said.first == noun; }),
      slots_.nouns.end());
}

void Draft::SetFigures(const std::vector<pb::Figure>& figures) {
  query_.set_measure(figures[0].measure());
  query_.set_statistic(figures[0].statistic());
  if (figures[0].has_percentile()) query_.set_percentile(figures[0].percentile());
  for (size_t i = 1; i < figures.size(); ++i) *query_.add_also() = figures[i];
}

bool Draft::HasNounOfResults() const {
  return slots_.HasNoun("prompt") || slots_.HasNoun("response") || slots_.HasNoun("call") || slots_.HasNoun("result");
}

void Draft::MoveFiltersAmong() {
  for (const Slots::Placed& placed : slots_.filters) *query_.add_among() = placed.filter;
  slots_.filters.clear();
}

bool Draft::OnlyAttributes() const {
  return std::all_of(slots_.filters.begin(), slots_.filters.end(),
                     [](const Slots::Placed& placed) { return IsAttribute(placed.filter.field()); });
}

void Draft::TakeDirection() {
  if (!slots_.direction || !slots_.group) return;
  query_.set_order(slots_.direction->order);
  slots_.direction.reset();
}

bool Draft::OthersAreAttributes(const Slots::Placed& one) const {
  return std::all_of(slots_.filters.begin(), slots_.filters.end(), [&](const Slots::Placed& placed) {
    return &placed == &one || IsAttribute(placed.filter.field());
  });
}

void Draft::Finish() {
  // Two runs that are named are compared, whatever words ask for their figures.
  const bool figures = query_.statistic() != pb::STATISTIC_LIST && query_.statistic() != pb::STATISTIC_DIFFERENCE;
  if (compared_runs_ && figures && query_.group_by() == pb::GROUPING_RUN && !query_.has_base_run()) {
    query_.set_compares(true);
    CompareRuns(compared_runs_->first, compared_runs_->second);
  }
  for (const Slots::Placed& placed : slots_.filters) {
    // Figures of a part by rank are of the part of what the filters choose.
    *(query_.slices().empty() ? query_.add_filters() : query_.add_among()) = placed.filter;
  }
  slots_.filters.clear();
  // Nouns and "and" say nothing more by now.
  slots_.nouns.clear();
  slots_.plural = false;
}

}  // namespace ftl::analytics
