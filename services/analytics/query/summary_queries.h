#pragma once

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// What the opening summary tells beside the metrics.

finetunelab::analytics::v1::Query SlowestQuery();
finetunelab::analytics::v1::Query CutAnswersQuery();
// Calls that did not fail and gave no text: reasoning alone, or nothing.
finetunelab::analytics::v1::Query WithoutTextQuery();

}  // namespace ftl::analytics
