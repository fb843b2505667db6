#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/analytics/v1/history_service.pb.h"

namespace ftl::analytics {

// What was counted of the calls of one hour or day, of one service, model, status and error type.
struct Rollup {
  absl::Time starts_at;
  std::string service;
  std::string model;
  std::string status;
  std::string error_type;  // empty for none
  int64_t requests = 0;
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t with_tokens = 0;
  int64_t cost_nanos = 0;
  int64_t with_cost = 0;
  int64_t latency_us = 0;
  int64_t with_latency = 0;
  int64_t ttft_us = 0;
  int64_t with_ttft = 0;
  std::vector<int64_t> latency_buckets;  // as latency_bucket.h numbers them, the first at 0
  std::vector<int64_t> ttft_buckets;
};

// Which counters answer for the last days: those of hours or of days, from here on.
struct RollupWindow {
  absl::Time from;
  bool by_hour = false;
};

// The last so many days before `now`: up to two times 24 hours by the hour, more by the day (UTC), today included.
// Pure.
RollupWindow LastDays(int days, absl::Time now);

// The figures of what is counted, and a step for each hour or day; percentiles by `histogram`. Pure.
finetunelab::analytics::v1::GetHistoryAnalyticsResponse FiguresOf(const std::vector<Rollup>& rollups,
                                                                  const RollupWindow& window);

}  // namespace ftl::analytics
