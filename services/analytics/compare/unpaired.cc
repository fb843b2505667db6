#include "services/analytics/compare/unpaired.h"

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/beta.hpp>

namespace ftl::analytics {
namespace {

constexpr int64_t kFewest = 6;

double LogChoose(int64_t n, int64_t k) {
  return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
         std::lgamma(static_cast<double>(n - k) + 1);
}

// What medians resamples have, in order, and how often.
struct Mass {
  double value;
  double chance;
};

std::vector<Mass> MediansOf(const MiddleValues& middle) {
  const auto n = static_cast<double>(middle.n);
  // The chance that a resample's `rank`-th smallest value is at most the value at a place.
  const auto up_to = [&](int64_t rank, size_t at) {
    if (at + 1 == middle.values.size()) return 1.0;
    const double below = static_cast<double>(middle.first) + static_cast<double>(at) + 1;
    return boost::math::ibeta(static_cast<double>(rank), n - static_cast<double>(rank) + 1, below / n);
  };
  // An even number has two middles, which move together.
  const int64_t lower = (middle.n + 1) / 2;
  const int64_t upper = middle.n / 2 + 1;
  std::vector<Mass> medians;
  double reached = 0;
  size_t low = 0, high = 0;
  while (low < middle.values.size() && high < middle.values.size()) {
    const double of_low = up_to(lower, low);
    const double of_high = up_to(upper, high);
    const double next = std::min(of_low, of_high);
    if (next > reached) medians.push_back({(middle.values[low] + middle.values[high]) / 2, next - reached});
    reached = std::max(reached, next);
    if (of_low <= next) ++low;
    if (of_high <= next) ++high;
  }
  return medians;
}

// The chance that other's median less base's is at most `gap`, or below it.
double ChanceUpTo(const std::vector<Mass>& base, const std::vector<Mass>& other, double gap, bool inclusive) {
  double chance = 0, reached = 0;
  size_t at = 0;
  for (const Mass& one : base) {
    const double bound = one.value + gap;
    while (at < other.size() && (inclusive ? other[at].value <= bound : other[at].value < bound)) {
      reached += other[at++].chance;
    }
    chance += one.chance * reached;
  }
  return chance;
}

double Quantile(const std::vector<Mass>& base, const std::vector<Mass>& other, double share) {
  double low = other.front().value - base.back().value;
  double high = other.back().value - base.front().value;
  for (int step = 0; step < 80 && low < high; ++step) {
    const double middle = low + (high - low) / 2;
    (ChanceUpTo(base, other, middle, true) >= share ? high : low) = middle;
  }
  return high;
}

double MedianOf(const MiddleValues& middle) {
  const auto at = [&](int64_t place) { return middle.values[static_cast<size_t>(place - middle.first)]; };
  return (at((middle.n - 1) / 2) + at(middle.n / 2)) / 2;
}

}  // namespace

double FisherExact(const Share& base, const Share& other) {
  const int64_t k = base.k + other.k;
  const int64_t n = base.n + other.n;
  const auto log_chance = [&](int64_t of_base) {
    return LogChoose(base.n, of_base) + LogChoose(other.n, k - of_base) - LogChoose(n, k);
  };
  // A table as likely as this one counts, however its logarithm is rounded.
  const double most = log_chance(base.k) + 1e-7;
  double chance = 0;
  for (int64_t of_base = std::max<int64_t>(0, k - other.n); of_base <= std::min(k, base.n); ++of_base) {
    if (const double own = log_chance(of_base); own <= most) chance += std::exp(own);
  }
  return std::min(1.0, chance);
}

Interval ShareGap(const Share& base, const Share& other) {
  const auto share = [](const Share& one) { return static_cast<double>(one.k) / static_cast<double>(one.n); };
  const Interval of_base = WilsonInterval(base.k, base.n);
  const Interval of_other = WilsonInterval(other.k, other.n);
  const double gap = share(other) - share(base);
  return {gap - std::hypot(share(other) - of_other.low, of_base.high - share(base)),
          gap + std::hypot(of_other.high - share(other), share(base) - of_base.low)};
}

std::optional<MedianGap> BootstrapMedianGap(const MiddleValues& base, const MiddleValues& other) {
  if (base.n < kFewest || other.n < kFewest) return std::nullopt;
  const std::vector<Mass> of_base = MediansOf(base);
  const std::vector<Mass> of_other = MediansOf(other);
  const double up_to_none = ChanceUpTo(of_base, of_other, 0, true);
  const double below_none = ChanceUpTo(of_base, of_other, 0, false);
  return MedianGap{MedianOf(other) - MedianOf(base), Quantile(of_base, of_other, 0.025),
                   Quantile(of_base, of_other, 0.975), std::min(1.0, 2 * std::min(up_to_none, 1 - below_none))};
}

}  // namespace ftl::analytics
