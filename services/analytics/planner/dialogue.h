#pragma once

#include <optional>

#include "services/analytics/planner/clauses.h"

namespace ftl::analytics {

// The query before, changed slot by slot as a follow-up says ("and the p99?", "only the failed ones", "by category"),
// or a new one over what it listed ("the first one", "which of those failed?"): the list stands for its filters, order
// and limit, so that nothing of it need be remembered. nullopt where that makes no query, or leaves something of it
// out.
std::optional<finetunelab::analytics::v1::Query> Edit(Slots slots, const finetunelab::analytics::v1::Query& before);

// Whether the query names one result: the slowest prompt, #7.
bool NamesOne(const finetunelab::analytics::v1::Query& query);

// The field that the query's last condition on a number compares, or that its measure is compared by: what "and under
// 50?" speaks of. FILTER_FIELD_UNSPECIFIED where there is none.
finetunelab::analytics::v1::FilterField SpokenOf(const finetunelab::analytics::v1::Query& query);

}  // namespace ftl::analytics
