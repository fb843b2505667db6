#include "common/history/latency_bucket.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ftl {
namespace {

constexpr absl::Duration kStep = absl::Microseconds(100);
constexpr absl::Duration kMost = absl::Hours(1);
constexpr int kPerOctave = 16;

}  // namespace

int BucketOf(absl::Duration span) {
  int64_t steps = std::clamp(span, absl::ZeroDuration(), kMost) / kStep;
  int octave = 0;
  for (; steps >= 2 * kPerOctave; steps /= 2) ++octave;
  return kPerOctave * octave + static_cast<int>(steps) + 1;
}

absl::Duration MiddleOfBucket(int bucket) {
  const int place = bucket - 1;
  const int octave = std::max(0, place / kPerOctave - 1);
  const absl::Duration width = kStep * (int64_t{1} << octave);
  return width * (place - kPerOctave * octave) + width / 2;
}

std::optional<absl::Duration> QuantileOf(const std::vector<int64_t>& counts, double share) {
  const int64_t all = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (all == 0) return std::nullopt;
  const auto rank = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(share * static_cast<double>(all))));
  int64_t below = 0;
  size_t place = 0;
  while (below + counts[place] < rank) below += counts[place++];
  return MiddleOfBucket(static_cast<int>(place) + 1);
}

}  // namespace ftl
