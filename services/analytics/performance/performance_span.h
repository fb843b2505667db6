#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// A time, and the rows that answer for it.
struct PerformanceSpan {
  absl::Time from;  // the beginning of a row, or of a step
  absl::Time to;
  int grain_s = 0;  // of the rows: 10, 60 or 3,600
  int step_s = 0;   // of a course; as long as a row where there is none
};

inline constexpr int kMostPerformanceSteps = 1000;

// The last minutes before `now`. INVALID_FIELD. Pure.
absl::StatusOr<PerformanceSpan> SpanOf(const pb::GetPerformanceSummaryRequest& request, absl::Time now);
// The time of a course and its steps. INVALID_FIELD. Pure.
absl::StatusOr<PerformanceSpan> SpanOf(const pb::GetPerformanceHistoryRequest& request, absl::Time now);

}  // namespace ftl::analytics
