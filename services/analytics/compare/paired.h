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

// Two-sided exact sign test of paired differences: McNemarExact of how many are below and above 0.
double SignTest(int64_t below, int64_t above);

struct MedianDifference {
  double median;
  double low;  // bounds of the 95 % interval
  double high;
};

// The median of one value or more, linear between the middle two.
double Median(std::span<const double> values);

// The median of paired differences and its percentile bootstrap interval (Efron, 1979), worked out over all resamples
// of pairs by the binomial distribution rather than drawn: it is the same each time, and a million pairs take no longer
// than sorting them. Absent for fewer than 6 pairs, which are too few to tell: of five, the two-sided sign test never
// reaches 5 %.
std::optional<MedianDifference> BootstrapMedian(std::span<const double> differences);

}  // namespace ftl::analytics
