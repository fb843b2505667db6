#pragma once

#include <cstdint>
#include <string>

#include "common/time/deadline.h"

namespace ftl::gateway {

// How the machine and this process fare, as Linux tells it. Processor load is over the time since the last look that
// was at least a second earlier.
class Machine {
 public:
  Machine();
  // The JSON of `GET /metrics`.
  std::string Json();

 private:
  struct Ticks {
    uint64_t busy = 0;
    uint64_t total = 0;
  };
  static Ticks ReadTicks();

  Ticks before_;
  Deadline looked_at_;
  double cpu_percent_ = 0;
};

}  // namespace ftl::gateway
