#pragma once

#include <cstdint>
#include <optional>

#include "common/db/query.h"
#include "common/db/row.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// The histogram of a run's successful calls, or of all runs of a session; `up_to_sequence` leaves out later results.
Statement AskLatencyDistribution(const RunScope& scope, std::optional<int64_t> up_to_sequence);
// Of the rows that it gives.
finetunelab::analytics::v1::GetLatencyDistributionResponse LatencyDistributionOf(const Rows& rows);

}  // namespace ftl::analytics
