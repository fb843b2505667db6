#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "services/analytics/metrics/interval.h"

namespace ftl::analytics {

// Two groups of results that have no prompts in common. Pure, any thread.

// How many of how many.
struct Share {
  int64_t k = 0;
  int64_t n = 0;  // at least 1
};

// Two-sided exact test of two shares (Fisher, 1922): the chance of tables with these margins that are no likelier than
// this one.
double FisherExact(const Share& base, const Share& other);

// The 95 % interval of the difference of two shares, -1 to 1, made of two of Wilson's (Newcombe, 1998, method 10).
Interval ShareGap(const Share& base, const Share& other);

// The middle of a group's values in order: a resample's median lies outside of it with a chance below 1e-8 where it
// holds all values whose place is within 3 √n + 1 of the middle.
struct MiddleValues {
  int64_t n = 0;               // values of the group
  int64_t first = 0;           // place, from 0, of the first that is here
  std::vector<double> values;  // in order
};

struct MedianGap {
  double difference;  // the other's median less the base's
  double low;         // bounds of the 95 % interval
  double high;
  double p_value;  // twice the share of resamples on the other side of 0
};

// The difference of two medians with its percentile bootstrap (Efron, 1979), worked out over all resamples by the
// binomial distribution rather than drawn. Absent where a group has fewer than 6 values, which are too few to tell.
std::optional<MedianGap> BootstrapMedianGap(const MiddleValues& base, const MiddleValues& other);

}  // namespace ftl::analytics
