#pragma once

#include <optional>

#include "services/analytics/planner/reading.h"

namespace ftl::analytics {

// One query from what a question says and, where it leans on it, the query before. nullopt where it says too little to
// be a question.
std::optional<pb::Query> Compose(Reading reading, const std::optional<pb::Query>& before);

}  // namespace ftl::analytics
