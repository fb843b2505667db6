#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/dialogue.h"
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

// Makes the query; false where too little is said, or where something is left.
bool Draft::Say(Composed& composed) {
  if (!Prepare()) return false;
  if (SayBothEnds(composed) || SayFactsOfTwoRuns(composed)) return true;
  if (SayAmbiguous(composed)) return true;
  constexpr bool (Draft::*kWays[])() = {
      &Draft::SayExport,        &Draft::SayFacts,    &Draft::SaySummary,    &Draft::SayDifference,
      &Draft::SayCorrelation,   &Draft::SayWhole,    &Draft::SayWhy,        &Draft::SayRanking,
      &Draft::SayBoundedGroups, &Draft::SayImproved, &Draft::SayComparison, &Draft::SayFigures,
      &Draft::SayShare,         &Draft::SayCount,    &Draft::SayGroups,     &Draft::SayList};
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
  if (slots_.sorted && slots_.group && !slots_.direction) query_.set_order(pb::ORDER_DESCENDING);
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
  if (slots_.Says("ratio") && HasRatio()) {
    slots_.Take("ratio");
    query_.set_ratio(true);
  }
  // Nouns and "and" say nothing more by now.
  slots_.nouns.clear();
  slots_.plural = false;
}

}  // namespace ftl::analytics
