#include "services/analytics/planner/draft/draft.h"

#include <set>
#include <string>

#include "services/analytics/planner/dialogue.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

// Whether the question changes the one before rather than asking one of its own.
bool Draft::LeansOnBefore() const {
  if (!before_) return false;
  if (slots_.Says("follow") || slots_.Says("those") || slots_.Says("it") || slots_.Says("only") ||
      slots_.Says("more") || slots_.Says("rest") || slots_.Says("overall") || slots_.Says("too") || slots_.order) {
    return true;
  }
  if (slots_.Says("bytype") && slots_.filters.empty()) return true;
  if (NamesPartAlone()) return true;
  // Sort by category, of a figure that was told.
  const bool of_figure = before_->statistic() != pb::STATISTIC_LIST && before_->measure() != pb::MEASURE_RUN;
  if (slots_.sorted && of_figure && slots_.group && slots_.figures.empty() && slots_.filters.empty()) return true;
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

}  // namespace ftl::analytics
