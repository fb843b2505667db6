#pragma once

#include <string>

#include "services/analytics/narrator/fact.h"
#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// What figures are over: `9 successful calls (category billing)`, as a figure that leads to these results.
enum class Case { kOver, kOf };  // "over 9 successful calls", "3 of 9 successful calls"
std::string PopulationText(Telling& telling, const Finding& finding, const pb::Figure& figure, int64_t n,
                           Case its_case);

// Whether a figure is over successes alone.
bool IsOfSuccesses(const pb::Query& query, const pb::Figure& figure);

// What became of those that a query's conditions choose, for the facts about them.
Verdict VerdictOf(const pb::Query& query);

// The results that a figure is over.
std::string PopulationLink(const Finding& finding, const pb::Figure& figure);

// How many have the same value as the last of a ranked list: `key` is the sentence. There must be ties.
std::string TiesText(Telling& telling, const Finding& finding, std::string_view key);

// A figure of a query as a fact; `value` as the executor gives it.
Fact FigureFact(const pb::Query& query, const pb::Figure& figure, double value);

}  // namespace ftl::analytics
