#include "services/export/chart/scale.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

double ReadableStep(double raw) {
  const double ten = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * ten * (1 + 1e-9)) return factor * ten;
  }
  return 10 * ten;
}

}  // namespace

Axis AxisOver(std::string label, double from, double to, int steps, bool whole) {
  if (!(to > from)) to = from + 1;
  double step = ReadableStep((to - from) / steps);
  if (whole) step = std::max(1.0, step);
  Axis axis{
      .label = std::move(label), .from = std::floor(from / step) * step, .to = std::ceil(to / step - 1e-9) * step};
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 6);
  const int count = static_cast<int>(std::lround((axis.to - axis.from) / step));
  for (int i = 0; i <= count; ++i) {
    const double at = axis.from + i * step;
    axis.ticks.push_back({at, NumberText(at, decimals)});
  }
  return axis;
}

SpanUnit UnitFor(double most_ms) { return most_ms >= 1000 ? SpanUnit{"s", 1000} : SpanUnit{"ms", 1}; }

}  // namespace ftl::exporter
