#pragma once

#include <cstdint>
#include <random>

#include <absl/time/time.h>

#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The schedule of an open loop. Pure: the same seed gives the same schedule.
class Arrivals {
 public:
  // `per_second` is above 0.
  Arrivals(pb::ArrivalPattern pattern, double per_second, uint64_t seed)
      : is_constant_(pattern == pb::ARRIVAL_PATTERN_CONSTANT), per_second_(per_second), random_(seed) {}

  // When the next call begins, since the beginning of the loop; the first at once.
  absl::Duration Next() {
    const absl::Duration moment = next_;
    next_ += absl::Seconds((is_constant_ ? 1 : gaps_(random_)) / per_second_);
    return moment;
  }

 private:
  const bool is_constant_;
  const double per_second_;
  std::mt19937_64 random_;
  std::exponential_distribution<> gaps_{1.0};
  absl::Duration next_;
};

// How long calls begin. Pure.
struct StopRule {
  int most_requests;       // at least 1
  absl::Duration longest;  // InfiniteDuration() for no limit

  bool MayBegin(int begun, absl::Duration since_start) const { return begun < most_requests && since_start < longest; }
};

}  // namespace ftl::batch_runner
