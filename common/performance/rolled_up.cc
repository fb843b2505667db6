#include "common/performance/rolled_up.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/performance/slow_calls.h"

namespace ftl::performance {
namespace {

using Row = pb::PerformanceRow;
using Calls = google::protobuf::RepeatedPtrField<pb::CallCount>;

// A mean over readings that each row has or has not.
struct Level {
  bool (Row::*has)() const;
  double (Row::*get)() const;
  void (Row::*set)(double);
};
constexpr Level kMeans[] = {{&Row::has_cpu_percent, &Row::cpu_percent, &Row::set_cpu_percent},
                            {&Row::has_memory_percent, &Row::memory_percent, &Row::set_memory_percent},
                            {&Row::has_disk_percent, &Row::disk_percent, &Row::set_disk_percent},
                            {&Row::has_gpu_percent, &Row::gpu_percent, &Row::set_gpu_percent},
                            {&Row::has_gpu_memory_percent, &Row::gpu_memory_percent, &Row::set_gpu_memory_percent},
                            {&Row::has_process_cpu_percent, &Row::process_cpu_percent, &Row::set_process_cpu_percent}};
constexpr Level kHighest[] = {{&Row::has_cpu_percent_max, &Row::cpu_percent_max, &Row::set_cpu_percent_max},
                              {&Row::has_memory_percent_max, &Row::memory_percent_max, &Row::set_memory_percent_max}};

void AddCalls(const Calls& calls, Calls& sums) {
  std::map<std::string, pb::CallCount*> known;
  for (pb::CallCount& sum : sums) known[sum.name()] = &sum;
  for (const pb::CallCount& call : calls) {
    pb::CallCount*& sum = known[call.name()];
    if (sum == nullptr) {
      sum = sums.Add();
      sum->set_name(call.name());
    }
    sum->set_requests(sum->requests() + call.requests());
    sum->set_errors(sum->errors() + call.errors());
    sum->set_seconds(sum->seconds() + call.seconds());
  }
}

void AddRow(const Row& row, Row& sum) {
  const double before = sum.readings();
  const double readings = row.readings();
  for (const Level& level : kMeans) {
    if (!(row.*level.has)()) continue;
    const double known = (sum.*level.has)() ? (sum.*level.get)() : (row.*level.get)();
    (sum.*level.set)((known * before + (row.*level.get)() * readings) / (before + readings));
  }
  for (const Level& level : kHighest) {
    if ((row.*level.has)()) (sum.*level.set)(std::max((sum.*level.get)(), (row.*level.get)()));
  }
  if (row.has_resident_bytes()) sum.set_resident_bytes(row.resident_bytes());
  sum.set_readings(sum.readings() + row.readings());
  sum.set_requests(sum.requests() + row.requests());
  sum.set_errors(sum.errors() + row.errors());
  sum.set_rpcs(sum.rpcs() + row.rpcs());
  *sum.mutable_gpus() = row.gpus();
  AddCalls(row.by_route(), *sum.mutable_by_route());
  AddCalls(row.by_rpc(), *sum.mutable_by_rpc());
  std::vector<pb::SlowCall> slowest(sum.slowest().begin(), sum.slowest().end());
  slowest.insert(slowest.end(), row.slowest().begin(), row.slowest().end());
  KeepSlowest(slowest);
  sum.mutable_slowest()->Assign(slowest.begin(), slowest.end());
}

void AddTo(Row& span, const Row& row, int grain_s) {
  const int64_t starts_at = row.starts_at().seconds() / grain_s * grain_s;
  if (span.grain_s() == 0 || span.starts_at().seconds() != starts_at) {
    span.Clear();
    span.set_grain_s(grain_s);
    span.mutable_starts_at()->set_seconds(starts_at);
    span.set_process(row.process());
    span.set_program(row.program());
    span.set_host(row.host());
  }
  AddRow(row, span);
}

}  // namespace

std::vector<pb::PerformanceRow> RolledUp::With(pb::PerformanceRow row) {
  AddTo(minute_, row, 60);
  AddTo(hour_, row, 3600);
  return {std::move(row), minute_, hour_};
}

}  // namespace ftl::performance
