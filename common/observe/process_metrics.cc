#include "common/observe/process_metrics.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace ftl::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(const char* name, const char* help, MetricType type, double value,
                    std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {name, help, type, {metric}};
}

// The fields of /proc/self/stat behind the program's name, which may hold spaces; the first of them is the state.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  std::vector<std::string> fields;
  if (name_end == std::string::npos) return fields;
  for (size_t at = name_end + 2; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
  }
  return 0;
}

double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(all), std::filesystem::directory_iterator()) - 1);
}

}  // namespace

std::vector<MetricFamily> ProcessFamilies() {
  std::vector<MetricFamily> families = {
      Family("ftl_build_info", "The version that runs.", MetricType::Gauge, 1, {{"version", FTL_VERSION}})};
  const std::vector<std::string> stat = StatFields();  // counted from the state, which proc(5) numbers 3
  if (stat.size() < 22) return families;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const auto add = [&](const char* name, const char* help, MetricType type, double value) {
    families.push_back(Family(name, help, type, value));
  };
  add("process_cpu_seconds_total", "User and system CPU time spent.", MetricType::Counter,
      (std::stod(stat[11]) + std::stod(stat[12])) / ticks);
  add("process_start_time_seconds", "Start of the process since the Unix epoch.", MetricType::Gauge,
      BootTime() + std::stod(stat[19]) / ticks);
  add("process_virtual_memory_bytes", "Virtual memory.", MetricType::Gauge, std::stod(stat[20]));
  add("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge, std::stod(stat[21]) * page);
  add("process_threads", "Threads.", MetricType::Gauge, std::stod(stat[17]));
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors());
  add("process_max_fds", "Open file descriptors at the most.", MetricType::Gauge, static_cast<double>(files.rlim_cur));
  return families;
}

}  // namespace ftl::metrics
