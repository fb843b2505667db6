#include "services/analytics/planner/draft/draft.h"

#include <utility>
#include <vector>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

// How many took over 1 s, over 2 s and over 3 s: bounds of one field that say nothing together are a question each.
bool Draft::SaySeveral(Composed& composed) const {
  std::vector<size_t> bounds;
  for (size_t i = 0; i < slots_.filters.size(); ++i) {
    const pb::Filter& filter = slots_.filters[i].filter;
    if (!filter.has_number() || !MeasureOf(filter.field()) || filter.has_in_run()) continue;
    if (filter.comparison() == pb::COMPARISON_BETWEEN) continue;
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

}  // namespace ftl::analytics
