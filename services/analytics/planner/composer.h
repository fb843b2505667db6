#pragma once

#include <optional>
#include <vector>

#include "services/analytics/planner/clauses.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// What came of one question.
struct Composed {
  std::vector<pb::Query> queries;  // one, or two where it asks for both ends
  std::optional<Topic> refusal;
  std::vector<Choice> choices;
  bool wants_help = false;

  bool IsNothing() const { return queries.empty() && !refusal && choices.empty() && !wants_help; }
};

// A query from what a question says and, where it leans on it, the query before: a follow-up changes it slot by slot.
// Nothing where the question says too little, or more than was made use of. Pure.
Composed Compose(Slots slots, const std::optional<pb::Query>& before);

}  // namespace ftl::analytics
