#pragma once

#include <absl/time/time.h>

#include "common/time/deadline.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// This process's seat in a run, as far as the store has told: under which token it holds its lease and until when,
// whether there is more to claim, whether others hold slots of its share, and when it is worth asking again. Pure:
// reads no clock. One per worker, on the module's thread.
class Seat {
 public:
  // Token of the lease; 0 while it has none.
  int64_t fence() const { return fence_; }
  // Whether calls may begin: nobody takes the lease before.
  bool IsHeld(Deadline now) const { return now < lease_until_; }
  Deadline lease_until() const { return lease_until_; }
  // Others carry the run.
  bool is_taken() const { return is_taken_; }
  // Whether the store may know a lease that must be given back.
  bool may_be_known() const { return may_be_known_; }
  bool has_leased() const { return has_leased_; }
  // Others hold slots of its share.
  bool is_crowded() const { return crowded_; }
  // There may be prompts to claim; and whether they may be asked for now.
  bool has_more() const { return more_; }
  bool MayClaim(Deadline now) const { return more_ && ask_again_ <= now; }
  // Others may have left or died, and the next step is to look.
  bool looks() const { return look_; }
  // One that has no slot asks for one, whether or not there is more to claim; one that has fewer than its share, while
  // there is anything to call.
  bool WantsSlots(int slots, bool has_claims, Deadline now) const;
  // The next moment from `now` at which one of these becomes true by itself.
  Deadline NextQuestion(Deadline now) const;

  // There may be more: everything is asked for at once.
  void Wake();
  // A step goes to the store: whether it looks for others, where looking is allowed.
  bool TakeLook(bool may_look);
  // It failed, and nobody knows whether it was carried out.
  void StepFailed(bool looked, bool wanted_more);
  // It was carried out; `lease_until` is counted from when it was sent.
  void StepStored(const WorkStore::Step& step, Deadline lease_until);
  // It wanted more: what it brought. `was_low`: prompts were asked for. True where the lease is another one than
  // before.
  bool Leased(const WorkStore::Step& step, bool was_low, bool has_ended, Deadline now);
  void Renewed(Deadline until);
  // The lease is another's, or was given back.
  void Lost();

 private:
  int64_t fence_ = 0;
  Deadline lease_until_;
  bool more_ = true;
  bool look_ = true;
  Deadline ask_again_;
  bool crowded_ = false;
  Deadline ask_slots_;
  absl::Duration slots_wait_;
  bool may_be_known_ = false;
  bool has_leased_ = false;
  bool is_taken_ = false;
};

}  // namespace ftl::batch_runner
