#include "services/analytics/planner/edit/editor.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/composer.h"

namespace ftl::analytics {
namespace {

bool IsLengthOfAnswer(pb::Measure measure) {
  return measure == pb::MEASURE_RESPONSE_LENGTH || measure == pb::MEASURE_RESPONSE_CHARACTERS ||
         measure == pb::MEASURE_RESPONSE_WORDS;
}

}  // namespace

// Which prompt was that, the maximum?
bool Editor::AsksWhoseExtreme() const {
  const bool extreme = before_.statistic() == pb::STATISTIC_MAX || before_.statistic() == pb::STATISTIC_MIN;
  if (!extreme || before_.group_by() || !before_.also().empty()) return false;
  Slots rest = slots_;
  rest.nouns.clear();
  for (const char* symbol : {"those", "it", "list", "follow"}) rest.Take(symbol);
  return rest.IsEmpty();
}

pb::Query Editor::Extreme() const {
  pb::Query query = before_;
  query.set_statistic(pb::STATISTIC_LIST);
  query.set_order(before_.statistic() == pb::STATISTIC_MAX ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING);
  query.set_limit(1);
  query.clear_presentation();
  return query;
}

std::optional<pb::Query> Editor::OfWhatWasListed() {
  if (AsksWhoseExtreme()) return Extreme();
  // A single figure over all results lists none.
  const bool lists_none = IsFigures(before_) && !IsCount(before_) && before_.filters().empty() &&
                          before_.among().empty() && before_.slices().empty();
  if (lists_none && !slots_.HasHead()) return std::nullopt;
  if (std::optional<pb::Query> figure = FigureOfTheRest()) return figure;
  pb::Query population;
  if (slots_.nth) BackToTheList();
  if (!SetPopulation(population)) return std::nullopt;
  if (slots_.Take("rest") && !TurnRound(population)) return std::nullopt;
  const bool it = slots_.Take("it");
  slots_.Take("those");
  slots_.Take("follow");
  slots_.Take("only");
  if (slots_.Says("share") && slots_.figures.empty() && slots_.filters.empty() && !slots_.group) return Share();
  if (slots_.nth) {
    if (!IsList(before_) || !AddNth(population)) return std::nullopt;
  } else if (it && !NamesOne(before_)) {
    return std::nullopt;
  }
  std::optional<pb::Query> query = Asked();
  if (!query) return std::nullopt;
  return Within(*query, population);
}

// The second one, after the first was told: of the list, and not of that one.
void Editor::BackToTheList() {
  if (!IsList(before_)) return;
  if (before_.slices().empty()) {
    if (IsRankedList(before_) && before_.limit() == 1) before_.set_limit(kMostRows);
    return;
  }
  const pb::Slice last = before_.slices(before_.slices_size() - 1);
  if (last.count() != 1 || last.exclude()) return;
  told_ = last;
  before_.mutable_slices()->RemoveLast();
  if (IsRankedList(before_)) before_.set_limit(kMostRows);
  if (before_.slices().empty()) return;
  told_->set_measure(before_.slices(before_.slices_size() - 1).measure());
  told_->set_order(before_.slices(before_.slices_size() - 1).order());
}

// And the others, after a figure: the same one, of those that its last condition does not choose.
std::optional<pb::Query> Editor::FigureOfTheRest() const {
  Slots left = slots_;
  if (!left.Take("rest") || !IsFigures(before_) || IsCount(before_) || before_.group_by()) return std::nullopt;
  for (const char* symbol : {"follow", "those", "it"}) left.Take(symbol);
  if (!left.IsEmpty() || before_.filters().empty() || !before_.slices().empty()) return std::nullopt;
  pb::Query query = before_;
  pb::Filter& last = *query.mutable_filters(query.filters_size() - 1);
  const std::optional<pb::Filter> negated = Negated(last);
  if (!negated) return std::nullopt;
  last = *negated;
  return query;
}

// The rest: those that the last condition does not choose.
bool Editor::TurnRound(pb::Query& population) {
  if (population.among().empty() || !population.slices().empty()) return false;
  pb::Filter& last = *population.mutable_among(population.among_size() - 1);
  const std::optional<pb::Filter> negated = Negated(last);
  if (!negated) return false;
  last = *negated;
  return true;
}

bool Editor::AddNth(pb::Query& population) {
  const int nth = *slots_.nth;
  slots_.nth.reset();
  if (nth == 0) return false;
  const bool ranked = IsRankedList(before_);
  const pb::Measure measure = ranked ? before_.measure() : told_ ? told_->measure() : pb::MEASURE_UNSPECIFIED;
  pb::Order order = ranked ? before_.order() : told_ ? told_->order() : pb::ORDER_ASCENDING;
  if (nth < 0) order = Turned(order);
  *population.add_slices() = SliceBy(measure, order, 1, nth < 0 ? -nth - 1 : nth - 1);
  return true;
}

// What is asked of them; the list itself where nothing is.
std::optional<pb::Query> Editor::Asked() {
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
  if (NamesOne(before_) && slots_.group) return ItsGroup();
  // What did the second one answer? And the first, after it.
  const bool answers = std::any_of(slots_.nouns.begin(), slots_.nouns.end(), [&](const auto& noun) {
    return noun.first == "response" && slots_.nth_at >= 0 && noun.second > slots_.nth_at;
  });
  // The longest answer: show it.
  const bool of_answer = NamesOne(before_) && slots_.Says("list") && IsLengthOfAnswer(before_.measure());
  const bool whole = of_answer || (slots_.nth_at >= 0 && (answers || before_.whole()));
  const bool shown = !slots_.HasHead() || (slots_.Says("list") && slots_.figures.empty() && slots_.ranks.empty());
  if (shown && slots_.filters.empty() && !slots_.group && !slots_.order) {
    for (const char* symbol : {"list", "table", "chart", "all"}) slots_.Take(symbol);
    slots_.nouns.clear();
    if (!slots_.IsEmpty()) return std::nullopt;
    pb::Query query = ListOf(IsList(before_) ? before_.measure() : pb::MEASURE_RESULTS);
    query.set_order(IsList(before_) ? before_.order() : pb::ORDER_UNSPECIFIED);
    if (whole) query.set_whole(true);
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
  const bool asks_time = slots_.Says("howlong") || slots_.Says("howfast");
  if (NamesOne(before_) && slots_.figures.empty() && asks_time) {
    slots_.Take("howlong");
    slots_.Take("howfast");
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
  if (measured) {
    slots_.said.insert("each");
    Sense& figure = slots_.figures[0].sense;
    if (figure.word == "tokens") figure.measure = pb::MEASURE_OUTPUT_TOKENS;  // those of each answer
    if (figure.word == "tokens") figure.word.clear();
  }
  const Composed composed = Compose(slots_, std::nullopt);
  if (composed.queries.size() != 1) return std::nullopt;
  return composed.queries[0];
}

// Its category, its difficulty: the group that has it.
std::optional<pb::Query> Editor::ItsGroup() {
  pb::Query query = ListOf(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_COUNT);
  query.set_group_by(std::exchange(slots_.group, pb::GROUPING_UNSPECIFIED));
  const bool of_prompt = query.group_by() == pb::GROUPING_CATEGORY || query.group_by() == pb::GROUPING_DIFFICULTY;
  for (const char* symbol : {"list", "any"}) slots_.Take(symbol);
  slots_.nouns.clear();
  if (!of_prompt || !slots_.IsEmpty()) return std::nullopt;
  return query;
}

// What percentage is that: of what the last condition was asked of.
std::optional<pb::Query> Editor::Share() {
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

std::optional<pb::Query> Editor::Within(pb::Query query, const pb::Query& population) {
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

}  // namespace ftl::analytics
