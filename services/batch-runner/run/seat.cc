#include "services/batch-runner/run/seat.h"

#include <algorithm>
#include <utility>

namespace ftl::batch_runner {
namespace {

// How long it waits for others to give slots back: at first, and at the most.
constexpr absl::Duration kNoSlots = absl::Milliseconds(250);
constexpr absl::Duration kLongestNoSlots = absl::Seconds(1);

Deadline After(Deadline now, absl::Duration wait) { return now + absl::ToChronoNanoseconds(wait); }

}  // namespace

bool Seat::WantsSlots(int slots, bool has_claims, Deadline now) const {
  const bool lacks = slots == 0 || (crowded_ && (more_ || has_claims));
  return lacks && ask_slots_ <= now;
}

Deadline Seat::NextQuestion(Deadline now) const {
  Deadline next = Deadline::max();
  for (const Deadline asks : {ask_again_, ask_slots_}) {
    if (asks > now) next = std::min(next, asks);
  }
  return next;
}

void Seat::Wake() {
  more_ = true;
  look_ = true;
  ask_again_ = Deadline();
  ask_slots_ = Deadline();
  slots_wait_ = absl::ZeroDuration();
}

bool Seat::TakeLook(bool may_look) { return std::exchange(look_, false) && may_look; }

void Seat::StepFailed(bool looked, bool wanted_more) {
  look_ |= looked;
  may_be_known_ |= wanted_more;
}

void Seat::StepStored(const WorkStore::Step& step, Deadline lease_until) {
  if (step.left) may_be_known_ = false;
  if (step.renewed) lease_until_ = lease_until;
}

bool Seat::Leased(const WorkStore::Step& step, bool was_low, bool has_ended, Deadline now) {
  const bool is_another = fence_ != 0 && step.fence != fence_;
  if (is_another) Lost();
  fence_ = step.fence;
  is_taken_ = step.fence == 0 && !has_ended;
  if (is_taken_) return is_another;
  may_be_known_ = true;
  has_leased_ |= !step.leased.empty();
  crowded_ = step.crowded;
  const bool lacks = crowded_ || step.slots == 0;
  slots_wait_ = lacks ? std::clamp(2 * slots_wait_, kNoSlots, kLongestNoSlots) : absl::ZeroDuration();
  ask_slots_ = After(now, slots_wait_);
  more_ = step.more;
  if (step.slots == 0 || (step.leased.empty() && was_low)) ask_again_ = After(now, kNoSlots);
  if (step.pause > absl::ZeroDuration()) ask_again_ = After(now, step.pause);
  return is_another;
}

void Seat::Renewed(Deadline until) { lease_until_ = std::max(lease_until_, until); }

void Seat::Lost() {
  fence_ = 0;
  more_ = true;
  look_ = true;
}

}  // namespace ftl::batch_runner
