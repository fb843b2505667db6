#pragma once

#include <string_view>
#include <vector>

#include "services/analytics/planner/sense.h"

namespace ftl::analytics {

// What the actions of the grammar make of the parts of a rule. False where the parts, as they are, make nothing: a
// length in seconds, 40 o'clock.
bool Act(std::string_view action, const std::vector<const Sense*>& parts, Sense& made);
bool IsAction(std::string_view action);

// Whether a query can be made of such a part, alone or with others; a unit, say, cannot.
bool IsQuestionPart(std::string_view symbol);

// The field that a unit or a measure is compared by; FILTER_FIELD_UNSPECIFIED where it takes more to know.
finetunelab::analytics::v1::FilterField FieldOf(Unit unit);
finetunelab::analytics::v1::FilterField FieldOf(const Sense& measure);

}  // namespace ftl::analytics
