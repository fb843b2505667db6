#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ftl::analytics {

// Two-sided exact McNemar test: the chance that prompts on which two runs disagree part at least as unevenly as
// `only_base` to `only_other` where neither run is better (binomial with one half; McNemar, 1947). 1 where none
// disagree. Neither count is negative.
double McNemarExact(int64_t only_base, int64_t only_other);

// The p-values adjusted for their number by Holm's step-down method (1979), in the order given. Each is 0 to 1.
std::vector<double> HolmAdjusted(std::span<const double> p_values);

struct MedianDifference {
  double median;
  double low;  // bounds of the 95 % interval
  double high;
};

// The median of paired differences and its percentile bootstrap interval (Efron, 1979): 2,000 resamples of pairs, the
// same for the same input, percentiles linear between ranks. Absent for fewer than 6 pairs, which are too few to tell:
// of five, the two-sided sign test never reaches 5 %.
std::optional<MedianDifference> BootstrapMedian(std::span<const double> differences);

}  // namespace ftl::analytics
