#include "services/analytics/planner/draft/draft.h"

#include <algorithm>
#include <utility>

#include "services/analytics/planner/settle.h"

namespace ftl::analytics {

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

}  // namespace ftl::analytics
