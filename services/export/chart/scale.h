#pragma once

#include <string>

#include "services/export/chart/chart.h"

namespace ftl::exporter {

// An axis from `from` to at least `to` in readable steps of 1, 2 or 5 times a power of ten, about `steps` of them.
// Counts have whole steps.
Axis AxisOver(std::string label, double from, double to, int steps, bool whole = false);

// The unit in which durations up to `most_ms` read best: milliseconds, or seconds from 1,000 ms on.
struct SpanUnit {
  const char* name;  // `ms` or `s`
  double ms;         // how many milliseconds it has
};
SpanUnit UnitFor(double most_ms);

}  // namespace ftl::exporter
