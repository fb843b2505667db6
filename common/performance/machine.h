#pragma once

#include <cstdint>
#include <optional>

#include "common/time/deadline.h"

namespace ftl::performance {

// How full the machine's parts are, in per cent; absent where Linux does not tell.
struct MachineReading {
  std::optional<double> cpu_percent;
  std::optional<double> memory_percent;
  std::optional<double> disk_percent;  // of the disk with the working directory
};

// How the machine fares, as Linux tells it. Processor load is over the time since the last look that was at least a
// second earlier, at first since the machine's start. For one thread.
class Machine {
 public:
  Machine();
  MachineReading Look();

 private:
  struct Ticks {
    uint64_t busy = 0;
    uint64_t total = 0;
  };
  static Ticks ReadTicks();

  Ticks before_;
  Deadline looked_at_;
  std::optional<double> cpu_percent_;
};

// What this process has taken. Any thread.
struct ProcessReading {
  int64_t resident_bytes = 0;
  int64_t private_bytes = 0;
  double cpu_seconds = 0;  // since its start
};
ProcessReading LookAtProcess();

}  // namespace ftl::performance
