#pragma once

#include <chrono>

#include <absl/time/time.h>

namespace ftl {

// The moment by which a wait must have ended, on the monotonic clock. It comes with a call and shrinks on the way down.
using Deadline = std::chrono::steady_clock::time_point;

// The deadline `span` from now; a span of years or more is as good as none.
inline Deadline DeadlineIn(absl::Duration span) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 365);
  return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(span < kLongest ? span : kLongest);
}

// What is left until `deadline`; zero or less when it has passed.
inline absl::Duration TimeLeft(Deadline deadline) {
  return absl::FromChrono(deadline - std::chrono::steady_clock::now());
}

}  // namespace ftl
