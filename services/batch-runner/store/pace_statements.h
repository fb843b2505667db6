#pragma once

#include <optional>
#include <string_view>

#include <absl/time/time.h>

#include "common/db/query.h"

namespace ftl::batch_runner {

// What a process has seen of an endpoint's pace since its last step.
struct PaceNews {
  // When the last call began that was told to slow down (429, 503, 529).
  std::optional<absl::Time> throttled = {};
  // Good answers; counted only while the endpoint is called more slowly than was asked for.
  int good = 0;
};

// How fast a session's endpoint is called, for all runs and processes, in demo_endpoint_pace: additive increase,
// multiplicative decrease, as TCP's congestion control (RFC 5681). Steps of a pipeline that goes on to lease; whoever
// needs the row takes it here, before the run's, so that no two wait for each other.

// Halves the calls at a time, at most to 1, unless they were lowered after the throttled call began: of a burst of
// refusals only the first counts.
Statement SlowDown(std::string_view session, int concurrency, absl::Time throttled);
// A full round of good answers gives one call back.
Statement SpeedUp(std::string_view session, int concurrency, int good);
// Makes the row that a limit of calls a minute is drawn from.
Statement KeepCount(std::string_view session);
// Takes the next moment that a limit of calls a minute has, and gives `wait`, the seconds until then: for a request
// that no lease drew, such as a second attempt.
Statement DrawCall(std::string_view session, int per_minute);
// Forgets what an endpoint showed more than a minute ago.
Statement ForgetPace(std::string_view session);

}  // namespace ftl::batch_runner
