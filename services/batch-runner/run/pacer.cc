#include "services/batch-runner/run/pacer.h"

#include <algorithm>

namespace ftl::batch_runner {

void Pacer::AnsweredWell() {
  if (slowed_) ++news_.good;
}

void Pacer::Throttled(absl::Time began, absl::Time now) {
  if (began < lowered_at_) return;
  if (slots_ > 1) slots_ /= 2;
  lowered_at_ = now;
  news_ = {.throttled = began, .good = 0};
}

void Pacer::Heard(const PaceNews& news) {
  if (news_.throttled == news.throttled) news_.throttled.reset();
  news_.good -= std::min(news_.good, news.good);
}

void Pacer::Granted(int slots, bool slowed) {
  // A call for slowness that the store has not heard yet counts on.
  slots_ = news_.throttled ? std::min(slots_, slots) : slots;
  slowed_ = slowed;
}

}  // namespace ftl::batch_runner
