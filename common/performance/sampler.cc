#include "common/performance/sampler.h"

#include <cerrno>
#include <fstream>
#include <utility>

#include <absl/time/clock.h>
#include <unistd.h>

#include "common/observe/metrics.h"
#include "common/performance/rolled_up.h"
#include "common/performance/slow_calls.h"

namespace ftl::performance {
namespace {

std::string DrawUuid() {
  std::ifstream file("/proc/sys/kernel/random/uuid");
  std::string uuid;
  std::getline(file, uuid);
  return uuid;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

CallCounts ReadCounts() { return CallCountsOf(metrics::Registry().Collect()); }

int64_t SumOf(const google::protobuf::RepeatedPtrField<pb::CallCount>& counts,
              int64_t (pb::CallCount::*number)() const) {
  int64_t sum = 0;
  for (const pb::CallCount& count : counts) sum += (count.*number)();
  return sum;
}

void FillMachine(const MachineReading& machine, pb::PerformanceRow& row) {
  if (machine.cpu_percent) {
    row.set_cpu_percent(*machine.cpu_percent);
    row.set_cpu_percent_max(*machine.cpu_percent);
  }
  if (machine.memory_percent) {
    row.set_memory_percent(*machine.memory_percent);
    row.set_memory_percent_max(*machine.memory_percent);
  }
  if (machine.disk_percent) row.set_disk_percent(*machine.disk_percent);
}

void FillGpus(const std::vector<Gpu>& gpus, pb::PerformanceRow& row) {
  if (gpus.empty()) return;
  double usage = 0;
  double memory = 0;
  for (const Gpu& gpu : gpus) {
    pb::GpuReading& reading = *row.add_gpus();
    reading.set_name(gpu.name);
    reading.set_usage_percent(gpu.usage_percent);
    reading.set_memory_usage_percent(gpu.memory_usage_percent);
    usage += gpu.usage_percent;
    memory += gpu.memory_usage_percent;
  }
  row.set_gpu_percent(usage / static_cast<double>(gpus.size()));
  row.set_gpu_memory_percent(memory / static_cast<double>(gpus.size()));
}

}  // namespace

Sampler::Sampler()
    : process_(DrawUuid()),
      host_(HostName()),
      counted_(ReadCounts()),
      cpu_seconds_(LookAtProcess().cpu_seconds),
      read_at_(absl::Now()) {}

pb::PerformanceRow Sampler::Read(absl::Time now) {
  pb::PerformanceRow row;
  row.set_grain_s(kReadingSeconds);
  row.mutable_starts_at()->set_seconds((absl::ToUnixSeconds(now) / kReadingSeconds - 1) * kReadingSeconds);
  row.set_process(process_);
  row.set_program(program_invocation_short_name);
  row.set_host(host_);
  row.set_readings(1);
  FillMachine(machine_.Look(), row);
  FillGpus(gpus_.Look(), row);
  const ProcessReading process = LookAtProcess();
  row.set_resident_bytes(process.resident_bytes);
  if (now > read_at_) {
    row.set_process_cpu_percent(100 * (process.cpu_seconds - cpu_seconds_) / absl::ToDoubleSeconds(now - read_at_));
  }
  CallCounts counts = ReadCounts();
  for (pb::CallCount& count : Since(counted_.routes, counts.routes)) *row.add_by_route() = std::move(count);
  for (pb::CallCount& count : Since(counted_.rpcs, counts.rpcs)) *row.add_by_rpc() = std::move(count);
  row.set_requests(SumOf(row.by_route(), &pb::CallCount::requests));
  row.set_errors(SumOf(row.by_route(), &pb::CallCount::errors));
  row.set_rpcs(SumOf(row.by_rpc(), &pb::CallCount::requests));
  for (pb::SlowCall& call : SlowCalls::Own().Take()) *row.add_slowest() = std::move(call);
  counted_ = std::move(counts);
  cpu_seconds_ = process.cpu_seconds;
  read_at_ = now;
  return row;
}

}  // namespace ftl::performance
