#include "common/performance/slow_calls.h"

#include <algorithm>
#include <utility>

namespace ftl::performance {

void KeepSlowest(std::vector<pb::SlowCall>& calls) {
  std::stable_sort(calls.begin(), calls.end(),
                   [](const pb::SlowCall& a, const pb::SlowCall& b) { return a.seconds() > b.seconds(); });
  if (calls.size() > kMostSlowCalls) calls.resize(kMostSlowCalls);
}

SlowCalls& SlowCalls::Own() {
  static SlowCalls own;
  return own;
}

void SlowCalls::Offer(pb::SlowCall call) {
  const std::lock_guard lock(mutex_);
  if (calls_.size() == kMostSlowCalls && calls_.back().seconds() >= call.seconds()) return;
  calls_.push_back(std::move(call));
  KeepSlowest(calls_);
}

std::vector<pb::SlowCall> SlowCalls::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(calls_, {});
}

}  // namespace ftl::performance
