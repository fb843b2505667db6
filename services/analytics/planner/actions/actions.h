#pragma once

#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "services/analytics/planner/sense.h"

namespace ftl::analytics {

// What an action of the grammar makes of the senses of a rule's parts, in their order; false where they, as they are,
// make nothing. Pure.
using Parts = std::vector<const Sense*>;
using Action = bool (*)(const Parts&, Sense&);

struct NamedAction {
  std::string_view name;
  Action act;
};

// Numbers, quantities, percentages and the statistics of measures.
std::span<const NamedAction> ActionsOfNumbers();
// Conditions on what is measured and on what results are.
std::span<const NamedAction> ActionsOfConditions();
// Conditions on the texts of prompts and responses.
std::span<const NamedAction> ActionsOfTexts();
// Prompts and runs by their number.
std::span<const NamedAction> ActionsOfNumbered();
// Rankings, parts by rank, and order.
std::span<const NamedAction> ActionsOfRanks();
// Bounds on a figure of each group.
std::span<const NamedAction> ActionsOfGroupBounds();
// What the same prompt came to in two runs.
std::span<const NamedAction> ActionsOfFates();

// The first part that has what is looked for; nullptr where none has.
template <typename Has>
const Sense* Find(const Parts& parts, Has has) {
  for (const Sense* part : parts) {
    if (has(*part)) return part;
  }
  return nullptr;
}

// Whether a number of that unit can be compared with that field.
bool Fits(Unit unit, finetunelab::analytics::v1::FilterField field);
bool IsTime(finetunelab::analytics::v1::FilterField field);
// The median is 800 ms: of what, its unit says. Sets the statistic's measure where it is a time.
bool IsOfTime(const Sense& bound, Sense& statistic);

inline bool IsWhole(double number) { return number >= 0 && number == std::floor(number) && number <= 1e6; }

}  // namespace ftl::analytics
