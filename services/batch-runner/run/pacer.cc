#include "services/batch-runner/run/pacer.h"

#include <algorithm>

namespace ftl::batch_runner {

void Pacer::AnsweredWell() {
  if (slowed_) ++news_.good;
}

void Pacer::Throttled(absl::Time began, absl::Time now) {
  if (began < lowered_at_) return;
  slots_ = std::max(1, slots_ / 2);
  lowered_at_ = now;
  news_ = {.throttled = began, .good = 0};
}

void Pacer::Heard(const PaceNews& news) {
  if (news_.throttled == news.throttled) news_.throttled.reset();
  news_.good -= std::min(news_.good, news.good);
}

void Pacer::Granted(int slots, bool slowed) {
  slots_ = slots;
  slowed_ = slowed;
}

}  // namespace ftl::batch_runner
