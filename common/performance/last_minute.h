#pragma once

#include <array>
#include <cstdint>

#include "common/time/deadline.h"

namespace ftl::performance {

// How much happened in the last 60 seconds, counted by the second. Pure: reads no clock. For one thread.
class LastMinute {
 public:
  // `now` never goes back, here and below.
  void Count(Deadline now);
  int64_t Sum(Deadline now) const;

 private:
  struct Second {
    int64_t number = 0;
    int64_t count = 0;
  };
  std::array<Second, 60> seconds_{};
};

}  // namespace ftl::performance
