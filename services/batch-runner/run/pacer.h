#pragma once

#include <absl/time/time.h>

#include "services/batch-runner/store/pace_statements.h"

namespace ftl::batch_runner {

// How many calls of a run this process may have under way, and what the others must hear of the endpoint's pace. Pure:
// reads no clock and holds no timer. One per run and worker, on the module's thread.
//
// The concurrency asked for is honoured from the first call. What an endpoint bears is found out together with all
// processes in the store (pace_statements.h), which grants slots; a call for slowness counts here at once.
class Pacer {
 public:
  // `concurrency` is at least 1.
  explicit Pacer(int concurrency) : slots_(concurrency) {}

  int slots() const { return slots_; }

  // A call that began at `began` was told at `now` to slow down. Of a burst only the first counts.
  void Throttled(absl::Time began, absl::Time now);
  void AnsweredWell();

  // What the store has not heard yet; Heard(…) when it has.
  const PaceNews& news() const { return news_; }
  void Heard(const PaceNews& news);
  // The store's answer, and whether the endpoint bears fewer calls than were asked for.
  void Granted(int slots, bool slowed);

 private:
  int slots_;
  bool slowed_ = false;
  absl::Time lowered_at_ = absl::InfinitePast();
  PaceNews news_;
};

}  // namespace ftl::batch_runner
