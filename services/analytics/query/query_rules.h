#pragma once

#include "common/error/refusal.h"
#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// Notes everything in a query from outside that has no meaning, or that would be passed over in silence: a measure
// without a fitting statistic, a filter without what it compares with, a part that the statistic knows nothing of.
// Fields are named from `query` on. What passes can be compiled and run.
void JudgeQuery(const finetunelab::analytics::v1::Query& query, FieldFaults& faults);

}  // namespace ftl::analytics
