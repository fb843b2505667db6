#pragma once

#include <string>

#include <absl/time/time.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/db/database.h"

namespace ftl {

// One lane's part of the process's metrics, under {application, lane}: how long calls waited for a connection, and how
// the lane stands now. Pools of the same lane add up. What this one has told goes from the sums with it.
class LaneMetrics {
 public:
  LaneMetrics(const std::string& application, const std::string& lane);
  ~LaneMetrics();
  LaneMetrics(const LaneMetrics&) = delete;
  LaneMetrics& operator=(const LaneMetrics&) = delete;

  void Waited(absl::Duration time);
  void Stands(const DatabaseUse& use);

 private:
  prometheus::Histogram& waits_;
  prometheus::Gauge& open_;
  prometheus::Gauge& in_use_;
  prometheus::Gauge& waiting_;
  DatabaseUse told_;
};

}  // namespace ftl
