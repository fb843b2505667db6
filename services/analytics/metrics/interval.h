#pragma once

#include <cstdint>

namespace ftl::analytics {

// Bounds of a share, 0 to 1.
struct Interval {
  double low;
  double high;
};

// The 95 % score interval of `k` out of `n` (Wilson, 1927), which is sound for small n and near 0 and 1, where the
// textbook one is not. `n` is at least 1.
Interval WilsonInterval(int64_t k, int64_t n);

}  // namespace ftl::analytics
