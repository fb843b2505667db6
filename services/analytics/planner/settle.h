#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "services/analytics/planner/clauses.h"

namespace ftl::analytics {

// Slots whose parts know what they are.
struct Settled {
  Slots slots;
  size_t prompts = 0;  // how many are named by number; they are a filter by now, as are runs
  // Numbers of two runs that are named, the earlier first.
  std::optional<std::pair<double, double>> compared_runs = {};
};

// Tokens and lengths get their kind from the words around them, texts and bare numbers the field they are looked for or
// compared in, filters of one field become one. nullopt where it takes more to know, or where no result can be meant.
std::optional<Settled> Settle(Slots slots, const std::optional<finetunelab::analytics::v1::Query>& before);

}  // namespace ftl::analytics
