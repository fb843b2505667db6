#include "services/analytics/compare/paired.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/special_functions/beta.hpp>

namespace ftl::analytics {
namespace {

constexpr size_t kFewestPairs = 6;

// Of `n` values in order, the place (from 0) of the value that the `rank`-th smallest (from 1) of a resample does not
// pass with a chance of `share`: a resample has `rank` values up to the k-th with the chance that of n draws, each of
// which falls there with k / n, so many do.
size_t BootstrapPlace(size_t n, size_t rank, double share) {
  const auto chance = [&](size_t k) {
    return boost::math::ibeta(static_cast<double>(rank), static_cast<double>(n - rank + 1),
                              static_cast<double>(k) / static_cast<double>(n));
  };
  size_t below = 0, at = n;
  while (at - below > 1) {
    const size_t middle = below + (at - below) / 2;
    (chance(middle) >= share ? at : below) = middle;
  }
  return at - 1;
}

double MedianOfSorted(std::span<const double> sorted) {
  const size_t n = sorted.size();
  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

std::vector<double> Sorted(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace

double McNemarExact(int64_t only_base, int64_t only_other) {
  const auto n = static_cast<double>(only_base + only_other);
  const int64_t fewer = std::min(only_base, only_other);
  double log_chance = -n * std::log(2.0);
  double tail = 0;
  for (int64_t k = 0; k <= fewer; ++k) {
    tail += std::exp(log_chance);
    log_chance += std::log((n - static_cast<double>(k)) / (static_cast<double>(k) + 1));
  }
  return std::min(1.0, 2 * tail);
}

std::vector<double> HolmAdjusted(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double greatest = 0;
  for (size_t place = 0; place < order.size(); ++place) {
    greatest = std::max(greatest, std::min(1.0, p_values[order[place]] * static_cast<double>(order.size() - place)));
    adjusted[order[place]] = greatest;
  }
  return adjusted;
}

double SignTest(int64_t below, int64_t above) { return McNemarExact(below, above); }

double Median(std::span<const double> values) { return MedianOfSorted(Sorted(values)); }

std::optional<MedianDifference> BootstrapMedian(std::span<const double> differences) {
  const size_t n = differences.size();
  if (n < kFewestPairs) return std::nullopt;
  const std::vector<double> sorted = Sorted(differences);
  // An even number has two middles, which move together.
  const auto bound = [&](double share) {
    return (sorted[BootstrapPlace(n, (n + 1) / 2, share)] + sorted[BootstrapPlace(n, n / 2 + 1, share)]) / 2;
  };
  return MedianDifference{MedianOfSorted(sorted), bound(0.025), bound(0.975)};
}

}  // namespace ftl::analytics
