#pragma once

#include <string>
#include <vector>

#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// Understands questions without a model: words to a lattice of meanings, the grammar's constituents over it, the
// cheapest way through it, a query for each of its questions. Pure, deterministic, bounded whatever is asked.
// `questions` are what the person has asked so far, the last one to be answered: what leans on the question before is
// read with it ("and the p99?", "only the failed ones", "why?"). Not empty.
Understanding PlanBuiltin(const std::vector<std::string>& questions, const Vocabulary& vocabulary);

// The opening summary.
pb::Query SummaryQuery();

}  // namespace ftl::analytics
