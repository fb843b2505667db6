#include "services/batch-runner/run/pacer.h"

#include <algorithm>

namespace ftl::batch_runner {

Pacer::Pacer(int per_minute, int concurrency)
    : spacing_(per_minute > 0 ? absl::Minutes(1) / per_minute : absl::ZeroDuration()),
      wanted_(concurrency),
      allowed_(concurrency) {}

int Pacer::MayStart(absl::Time now) const {
  const int free = std::max(0, allowed_ - under_way_);
  if (spacing_ == absl::ZeroDuration()) return free;
  return now >= next_ ? std::min(free, 1) : 0;
}

std::optional<absl::Time> Pacer::NextStart(absl::Time now) const {
  if (allowed_ <= under_way_) return std::nullopt;
  return std::max(now, next_);
}

void Pacer::Started(absl::Time now) {
  ++under_way_;
  next_ = std::max(now, next_) + spacing_;
}

void Pacer::Ended(bool throttled) {
  --under_way_;
  const bool was_under_way_then = until_next_decrease_ > 0;
  if (was_under_way_then) --until_next_decrease_;
  if (throttled) {
    answers_ = 0;
    if (was_under_way_then) return;
    allowed_ = std::max(1, allowed_ / 2);
    until_next_decrease_ = under_way_;
  } else if (allowed_ < wanted_ && ++answers_ >= allowed_) {
    answers_ = 0;
    ++allowed_;
  }
}

}  // namespace ftl::batch_runner
