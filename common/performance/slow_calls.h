#pragma once

#include <mutex>
#include <vector>

#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::performance {

namespace pb = finetunelab::analytics::v1;

inline constexpr size_t kMostSlowCalls = 10;

// Keeps the slowest of `calls`, the slowest first, kMostSlowCalls at the most. Pure.
void KeepSlowest(std::vector<pb::SlowCall>& calls);

// The slowest requests that this process has answered since somebody asked. Any thread.
class SlowCalls {
 public:
  // The process's own.
  static SlowCalls& Own();

  void Offer(pb::SlowCall call);
  // And begins anew.
  std::vector<pb::SlowCall> Take();

 private:
  std::mutex mutex_;
  std::vector<pb::SlowCall> calls_;
};

}  // namespace ftl::performance
