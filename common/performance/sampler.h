#pragma once

#include <string>

#include <absl/time/time.h>

#include "common/performance/call_counts.h"
#include "common/performance/gpus.h"
#include "common/performance/machine.h"

namespace ftl::performance {

// Reads how the machine and this process fare, and what the process has done since the last reading. For one thread.
class Sampler {
 public:
  Sampler();

  // The ten seconds that end at about `now`.
  pb::PerformanceRow Read(absl::Time now);

 private:
  const std::string process_;
  const std::string host_;
  Machine machine_;
  Gpus gpus_;
  CallCounts counted_;
  double cpu_seconds_;
  absl::Time read_at_;
};

}  // namespace ftl::performance
