#pragma once

#include <optional>

#include <absl/time/time.h>

namespace ftl::batch_runner {

// Says how many prompts may be started now, and when the next one may. Pure: reads no clock and holds no timer. One per
// run and worker, on the module's thread.
//
// The concurrency asked for is honoured from the first call. Throttling (429, 503, 529) halves it, once per round of
// calls; then each full round of answers gives one back (additive increase, multiplicative decrease, as TCP's
// congestion control).
class Pacer {
 public:
  // `per_minute` 0 is no limit; `concurrency` is at least 1.
  Pacer(int per_minute, int concurrency);

  // How many may start at `now`, at least 0.
  int MayStart(absl::Time now) const;
  // When more may start where the rate holds them back; nullopt where only an ending call helps.
  std::optional<absl::Time> NextStart(absl::Time now) const;

  void Started(absl::Time now);
  void Ended(bool throttled);

  int under_way() const { return under_way_; }
  int concurrency() const { return allowed_; }

 private:
  const absl::Duration spacing_;
  const int wanted_;
  int allowed_;
  int under_way_ = 0;
  int answers_ = 0;              // good ones since the last change
  int until_next_decrease_ = 0;  // answers of calls that were under way at the last decrease
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace ftl::batch_runner
