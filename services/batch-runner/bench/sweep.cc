#include "services/batch-runner/bench/sweep.h"

#include <algorithm>

namespace ftl::batch_runner {

std::optional<double> Sweep::rate() const { return is_over_ ? std::nullopt : std::optional(rate_); }

void Sweep::Tried(bool carried) {
  (carried ? carried_ : not_carried_) = rate_;
  if (!not_carried_) {
    is_over_ = rate_ >= kHighest;
    rate_ = std::min(2 * rate_, kHighest);
    return;
  }
  is_over_ = halvings_++ == kHalvings;
  rate_ = (carried_.value_or(0) + *not_carried_) / 2;
}

}  // namespace ftl::batch_runner
