#include "services/analytics/performance/performance.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/clock.h>

#include "common/error/try.h"
#include "common/time/proto_time.h"
#include "services/analytics/performance/performance_span.h"

namespace ftl::analytics {
namespace {

// A process that was heard of before this is gone.
constexpr absl::Duration kPresent = absl::Seconds(30);

// Means over readings, then over machines: each process of a machine reads the same machine. A row for each step of $4
// seconds.
constexpr Query kSteps{"performance.steps", R"(
  WITH by_process AS (
    SELECT date_bin($4 * interval '1 second', starts_at, 'epoch') AS step, host, process,
           sum(cpu_percent * readings) / sum(readings) FILTER (WHERE cpu_percent IS NOT NULL) AS cpu,
           max(cpu_percent_max) AS cpu_max,
           sum(memory_percent * readings) / sum(readings) FILTER (WHERE memory_percent IS NOT NULL) AS memory,
           max(memory_percent_max) AS memory_max,
           sum(disk_percent * readings) / sum(readings) FILTER (WHERE disk_percent IS NOT NULL) AS disk,
           max(disk_percent) AS disk_max,
           sum(gpu_percent * readings) / sum(readings) FILTER (WHERE gpu_percent IS NOT NULL) AS gpu,
           max(gpu_percent) AS gpu_max,
           sum(gpu_memory_percent * readings) / sum(readings) FILTER (WHERE gpu_percent IS NOT NULL) AS gpu_memory,
           sum(process_cpu_percent * readings) / sum(readings) FILTER (WHERE process_cpu_percent IS NOT NULL) AS process_cpu,
           avg(resident_bytes) AS resident, sum(requests) AS requests, sum(errors) AS errors, sum(rpcs) AS rpcs
    FROM performance_metrics WHERE grain_s = $1 AND starts_at >= $2 AND starts_at < $3 GROUP BY 1, 2, 3),
  by_host AS (
    SELECT step, host, avg(cpu) AS cpu, max(cpu_max) AS cpu_max, avg(memory) AS memory, max(memory_max) AS memory_max,
           max(disk) AS disk, max(disk_max) AS disk_max, avg(gpu) AS gpu, max(gpu_max) AS gpu_max,
           avg(gpu_memory) AS gpu_memory, sum(process_cpu) AS process_cpu, sum(resident) AS resident,
           sum(requests) AS requests, sum(errors) AS errors, sum(rpcs) AS rpcs
    FROM by_process GROUP BY 1, 2)
  SELECT step, avg(cpu) AS cpu, max(cpu_max) AS cpu_max, avg(memory) AS memory, max(memory_max) AS memory_max,
         max(disk) AS disk, max(disk_max) AS disk_max, avg(gpu) AS gpu, max(gpu_max) AS gpu_max,
         avg(gpu_memory) AS gpu_memory, sum(process_cpu) AS process_cpu, sum(resident)::bigint AS resident,
         sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, sum(rpcs)::bigint AS rpcs
  FROM by_host GROUP BY step ORDER BY step)"};
// All time in one.
constexpr double kEndlessStep = 4e9;

constexpr Query kPresentProcesses{"performance.processes", R"(
  SELECT DISTINCT ON (program, host, process) program, host, process::text AS process, starts_at, cpu_percent,
         memory_percent, disk_percent, gpu_percent, process_cpu_percent, resident_bytes
  FROM performance_metrics WHERE grain_s = 10 AND starts_at >= $1
  ORDER BY program, host, process, starts_at DESC LIMIT 200)"};

constexpr Query kGpus{"performance.gpus", R"(
  SELECT host, g->>'name' AS name, (g->>'usage_percent')::float8 AS usage, (g->>'memory_usage_percent')::float8 AS memory
  FROM (SELECT DISTINCT ON (host) host, gpus FROM performance_metrics WHERE grain_s = 10 AND starts_at >= $1
        ORDER BY host, starts_at DESC) last, jsonb_array_elements(last.gpus) g)"};

#define FTL_CALLS(column)                                                                   \
  "SELECT c->>'name' AS name, sum((c->>'requests')::bigint)::bigint AS requests, "          \
  "sum((c->>'errors')::bigint)::bigint AS errors, sum((c->>'seconds')::float8) AS seconds " \
  "FROM performance_metrics p, jsonb_array_elements(p." column                              \
  ") c WHERE p.grain_s = $1 AND p.starts_at >= $2 AND p.starts_at < $3 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200"
constexpr Query kByRoute{"performance.by_route", FTL_CALLS("by_route")};
constexpr Query kByRpc{"performance.by_rpc", FTL_CALLS("by_rpc")};

constexpr Query kSlowest{"performance.slowest", R"(
  SELECT c->>'name' AS name, (c->>'status')::integer AS status, (c->>'seconds')::float8 AS seconds,
         (c->>'ended_at')::timestamptz AS ended_at, c->>'request_id' AS request_id
  FROM performance_metrics p, jsonb_array_elements(p.slowest) c
  WHERE p.grain_s = $1 AND p.starts_at >= $2 AND p.starts_at < $3 ORDER BY 3 DESC LIMIT 10)"};

using MaybeDouble = std::optional<double>;

// What is read last, as the mean or the highest of what stands in the rows.
MaybeDouble Latest(const Rows& processes, const char* column, bool is_highest) {
  double sum = 0;
  double highest = 0;
  int n = 0;
  for (const Row row : processes) {
    const auto value = row.Get<MaybeDouble>(column);
    if (!value) continue;
    sum += *value;
    highest = std::max(highest, *value);
    ++n;
  }
  if (n == 0) return std::nullopt;
  return is_highest ? highest : sum / n;
}

bool FillLevel(const Row& levels, const char* mean, const char* highest, MaybeDouble latest,
               pb::PerformanceLevel* level) {
  const auto value = levels.Get<MaybeDouble>(mean);
  if (!value) return false;
  if (latest) level->set_usage_percent(*latest);
  level->set_avg_percent(*value);
  level->set_max_percent(levels.Get<MaybeDouble>(highest).value_or(*value));
  return true;
}

void FillLevels(const Row& levels, const Rows& processes, pb::PerformanceSummary& summary) {
  pb::PerformanceLevel level;
  if (FillLevel(levels, "cpu", "cpu_max", Latest(processes, "cpu_percent", false), &level))
    *summary.mutable_cpu() = level;
  level.Clear();
  if (FillLevel(levels, "memory", "memory_max", Latest(processes, "memory_percent", false), &level)) {
    *summary.mutable_memory() = level;
  }
  level.Clear();
  if (FillLevel(levels, "disk", "disk_max", Latest(processes, "disk_percent", true), &level)) {
    *summary.mutable_disk() = level;
  }
  level.Clear();
  if (FillLevel(levels, "gpu", "gpu_max", Latest(processes, "gpu_percent", false), &level))
    *summary.mutable_gpu() = level;
  summary.set_requests(levels.Get<int64_t>("requests"));
  summary.set_errors(levels.Get<int64_t>("errors"));
  summary.set_rpcs(levels.Get<int64_t>("rpcs"));
}

pb::ProcessUse ProcessOf(const Row& row) {
  pb::ProcessUse process;
  process.set_program(row.Get<std::string>("program"));
  process.set_host(row.Get<std::string>("host"));
  process.set_process(row.Get<std::string>("process"));
  if (const auto cpu = row.Get<MaybeDouble>("process_cpu_percent")) process.set_cpu_percent(*cpu);
  if (const auto bytes = row.Get<std::optional<int64_t>>("resident_bytes")) process.set_resident_bytes(*bytes);
  return process;
}

pb::GpuUse GpuOf(const Row& row) {
  pb::GpuUse gpu;
  gpu.set_host(row.Get<std::string>("host"));
  gpu.set_name(row.Get<std::string>("name"));
  gpu.set_usage_percent(row.Get<double>("usage"));
  gpu.set_memory_usage_percent(row.Get<double>("memory"));
  return gpu;
}

pb::CallFigures CallsOf(const Row& row) {
  pb::CallFigures calls;
  calls.set_name(row.Get<std::string>("name"));
  calls.set_requests(row.Get<int64_t>("requests"));
  calls.set_errors(row.Get<int64_t>("errors"));
  *calls.mutable_avg() =
      ToProto(absl::Seconds(row.Get<double>("seconds") / static_cast<double>(std::max<int64_t>(calls.requests(), 1))));
  return calls;
}

pb::SlowCallFigures SlowCallOf(const Row& row) {
  pb::SlowCallFigures call;
  call.set_name(row.Get<std::string>("name"));
  call.set_status(row.Get<int32_t>("status"));
  *call.mutable_duration() = ToProto(absl::Seconds(row.Get<double>("seconds")));
  *call.mutable_ended_at() = ToProto(row.Get<absl::Time>("ended_at"));
  call.set_request_id(row.Get<std::string>("request_id"));
  return call;
}

pb::PerformancePoint PointOf(const Row& row) {
  pb::PerformancePoint point;
  *point.mutable_starts_at() = ToProto(row.Get<absl::Time>("step"));
  const auto read = [&row](const char* column) { return row.Get<MaybeDouble>(column); };
  if (const auto value = read("cpu")) point.set_cpu_usage_percent(*value);
  if (const auto value = read("cpu_max")) point.set_cpu_usage_percent_max(*value);
  if (const auto value = read("memory")) point.set_memory_usage_percent(*value);
  if (const auto value = read("disk")) point.set_disk_usage_percent(*value);
  if (const auto value = read("gpu")) point.set_gpu_usage_percent(*value);
  if (const auto value = read("gpu_memory")) point.set_gpu_memory_usage_percent(*value);
  if (const auto value = read("process_cpu")) point.set_process_cpu_percent(*value);
  if (const auto bytes = row.Get<std::optional<int64_t>>("resident")) point.set_resident_bytes(*bytes);
  point.set_requests(row.Get<int64_t>("requests"));
  point.set_errors(row.Get<int64_t>("errors"));
  point.set_rpcs(row.Get<int64_t>("rpcs"));
  return point;
}

}  // namespace

Task<pb::PerformanceSummary> Performance::Summarize(const CallContext& call,
                                                    const pb::GetPerformanceSummaryRequest& request) {
  const absl::Time now = absl::Now();
  CO_TRY(const PerformanceSpan span, SpanOf(request, now));
  const Params within(span.grain_s, span.from, span.to);
  std::vector<Statement> statements = {{kSteps, Params(span.grain_s, span.from, span.to, kEndlessStep)},
                                       {kPresentProcesses, Params(now - kPresent)},
                                       {kGpus, Params(now - kPresent)},
                                       {kByRoute, within},
                                       {kByRpc, within},
                                       {kSlowest, within}};
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(call.deadline, SessionScope::None(), std::move(statements)));
  pb::PerformanceSummary summary;
  summary.set_minutes(request.has_minutes() ? request.minutes() : 60);
  *summary.mutable_from() = ToProto(span.from);
  *summary.mutable_to() = ToProto(span.to);
  if (!rows[0].empty()) FillLevels(rows[0].Only(), rows[1], summary);
  for (const Row row : rows[1]) *summary.add_processes() = ProcessOf(row);
  for (const Row row : rows[2]) *summary.add_gpus() = GpuOf(row);
  for (const Row row : rows[3]) *summary.add_requests_by_route() = CallsOf(row);
  for (const Row row : rows[4]) *summary.add_requests_by_rpc() = CallsOf(row);
  for (const Row row : rows[5]) *summary.add_slowest_calls() = SlowCallOf(row);
  co_return summary;
}

Task<pb::PerformanceHistory> Performance::Follow(const CallContext& call,
                                                 const pb::GetPerformanceHistoryRequest& request) {
  CO_TRY(const PerformanceSpan span, SpanOf(request, absl::Now()));
  const Params params(span.grain_s, span.from, span.to, static_cast<double>(span.step_s));
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope::None(), kSteps, params));
  pb::PerformanceHistory history;
  *history.mutable_from() = ToProto(span.from);
  *history.mutable_to() = ToProto(span.to);
  history.set_step(span.step_s);
  for (const Row row : rows) *history.add_points() = PointOf(row);
  co_return history;
}

}  // namespace ftl::analytics
