#pragma once

#include <vector>

#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::performance {

namespace pb = finetunelab::analytics::v1;

inline constexpr int kReadingSeconds = 10;

// What a process has read in the minute and the hour that are under way. Pure.
class RolledUp {
 public:
  // `row` is of ten seconds. It, and the rows of its minute and its hour as they stand with it.
  std::vector<pb::PerformanceRow> With(pb::PerformanceRow row);

 private:
  pb::PerformanceRow minute_;
  pb::PerformanceRow hour_;
};

}  // namespace ftl::performance
