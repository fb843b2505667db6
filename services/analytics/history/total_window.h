#pragma once

#include <absl/time/time.h>

namespace ftl::analytics {

// From its beginning to before its end; empty where that is not later.
struct Span {
  absl::Time from;
  absl::Time to;
};

// A time in parts of which counters are kept, whole days and whole hours, and the rest, of which rows are counted.
// Pure.
struct TotalWindow {
  TotalWindow(absl::Time from, absl::Time to);

  Span days;
  Span hours_before;
  Span hours_behind;
  Span rows_before;
  Span rows_behind;
};

}  // namespace ftl::analytics
