#include "services/analytics/metrics/interval.h"

#include <algorithm>
#include <cmath>

namespace ftl::analytics {

Interval WilsonInterval(int64_t k, int64_t n) {
  constexpr double kZ = 1.959963984540054;  // the normal's 97.5th percentile
  const double count = static_cast<double>(n);
  const double share = static_cast<double>(k) / count;
  const double scale = 1 + kZ * kZ / count;
  const double centre = (share + kZ * kZ / (2 * count)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1 - share) / count + kZ * kZ / (4 * count * count));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace ftl::analytics
