#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/db/query.h"
#include "common/db/row.h"
#include "finetunelab/analytics/v1/metrics.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// The metrics of a run or of all runs of a session, in one statement and so over one snapshot. They are exact:
// PostgreSQL's percentile_cont over microseconds. `up_to_sequence` leaves out later results of the run `up_to_run_id`,
// or of every run in scope where that is empty.
Statement AskMetrics(const RunScope& scope, std::optional<int64_t> up_to_sequence,
                     const std::string& up_to_run_id = {});
// Of the one row that AskMetrics gives.
finetunelab::analytics::v1::Metrics MetricsOf(const Rows& rows);

}  // namespace ftl::analytics
