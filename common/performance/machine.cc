#include "common/performance/machine.h"

#include <fstream>
#include <string>
#include <string_view>

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace ftl::performance {
namespace {

// The number behind `name:` in a file such as /proc/meminfo, in KiB.
int64_t KibibytesIn(const char* path, std::string_view name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, name.size(), name) != 0) continue;
    return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10);
  }
  return 0;
}

std::optional<double> MemoryPercent() {
  const auto total = static_cast<double>(KibibytesIn("/proc/meminfo", "MemTotal"));
  const auto available = static_cast<double>(KibibytesIn("/proc/meminfo", "MemAvailable"));
  if (total <= 0) return std::nullopt;
  return 100 * (1 - available / total);
}

std::optional<double> DiskPercent() {
  struct statvfs disk {};
  if (statvfs(".", &disk) != 0 || disk.f_blocks == 0) return std::nullopt;
  const auto used = static_cast<double>(disk.f_blocks - disk.f_bfree);
  return 100 * used / (used + static_cast<double>(disk.f_bavail));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

Machine::Machine() : before_(ReadTicks()), looked_at_(std::chrono::steady_clock::now()) {
  if (before_.total > 0) cpu_percent_ = 100.0 * static_cast<double>(before_.busy) / static_cast<double>(before_.total);
}

Machine::Ticks Machine::ReadTicks() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  Ticks ticks;
  uint64_t value = 0;
  for (int column = 0; column < 8 && file >> value; ++column) {
    ticks.total += value;
    const bool idles = column == 3 || column == 4;
    if (!idles) ticks.busy += value;
  }
  return ticks;
}

MachineReading Machine::Look() {
  const Deadline now = std::chrono::steady_clock::now();
  const Ticks ticks = ReadTicks();
  if (now - looked_at_ >= std::chrono::seconds(1) && ticks.total > before_.total) {
    cpu_percent_ =
        100.0 * static_cast<double>(ticks.busy - before_.busy) / static_cast<double>(ticks.total - before_.total);
    before_ = ticks;
    looked_at_ = now;
  }
  return {cpu_percent_, MemoryPercent(), DiskPercent()};
}

ProcessReading LookAtProcess() {
  return {KibibytesIn("/proc/self/status", "VmRSS") * 1024, KibibytesIn("/proc/self/status", "RssAnon") * 1024,
          CpuSeconds()};
}

}  // namespace ftl::performance
