#include "services/analytics/compare/paired.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace ftl::analytics {
namespace {

constexpr size_t kFewestPairs = 6;
constexpr size_t kResamples = 2000;

double Quantile(std::span<double> values, double share) {
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto middle = values.begin() + static_cast<ptrdiff_t>(rank);
  std::nth_element(values.begin(), middle, values.end());
  const double part = rank - std::floor(rank);
  if (part == 0) return *middle;
  return *middle + part * (*std::min_element(middle + 1, values.end()) - *middle);
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

std::optional<MedianDifference> BootstrapMedian(std::span<const double> differences) {
  if (differences.size() < kFewestPairs) return std::nullopt;
  std::vector<double> drawn(differences.begin(), differences.end());
  const double median = Quantile(drawn, 0.5);
  std::mt19937_64 random(20'261'127);  // a fixed seed: a comparison reads the same each time
  std::vector<double> medians(kResamples);
  for (double& one : medians) {
    for (double& value : drawn) value = differences[random() % differences.size()];
    one = Quantile(drawn, 0.5);
  }
  return MedianDifference{median, Quantile(medians, 0.025), Quantile(medians, 0.975)};
}

}  // namespace ftl::analytics
