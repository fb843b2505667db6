#include "common/performance/performance_table.h"

#include <string>
#include <utility>

#include <google/protobuf/util/json_util.h>

namespace ftl::performance {
namespace {

constexpr Query kPut{"performance.put", R"(
  INSERT INTO performance_metrics (
    grain_s, starts_at, process, program, host, readings, cpu_percent, cpu_percent_max, memory_percent, memory_percent_max,
    disk_percent, gpu_percent, gpu_memory_percent, process_cpu_percent, resident_bytes, requests, errors, rpcs, gpus, by_route,
    by_rpc, slowest)
  SELECT (r->>'grain_s')::integer, (r->>'starts_at')::timestamptz, (r->>'process')::uuid, r->>'program', r->>'host',
         (r->>'readings')::integer, (r->>'cpu_percent')::float8, (r->>'cpu_percent_max')::float8,
         (r->>'memory_percent')::float8, (r->>'memory_percent_max')::float8, (r->>'disk_percent')::float8,
         (r->>'gpu_percent')::float8, (r->>'gpu_memory_percent')::float8, (r->>'process_cpu_percent')::float8,
         (r->>'resident_bytes')::bigint, (r->>'requests')::bigint, (r->>'errors')::bigint, (r->>'rpcs')::bigint,
         r->'gpus', r->'by_route', r->'by_rpc', r->'slowest'
  FROM jsonb_array_elements($1::jsonb->'rows') r
  ON CONFLICT (grain_s, starts_at, process) DO UPDATE SET
    readings = excluded.readings, cpu_percent = excluded.cpu_percent, cpu_percent_max = excluded.cpu_percent_max,
    memory_percent = excluded.memory_percent, memory_percent_max = excluded.memory_percent_max,
    disk_percent = excluded.disk_percent, gpu_percent = excluded.gpu_percent,
    gpu_memory_percent = excluded.gpu_memory_percent, process_cpu_percent = excluded.process_cpu_percent,
    resident_bytes = excluded.resident_bytes, requests = excluded.requests, errors = excluded.errors, rpcs = excluded.rpcs,
    gpus = excluded.gpus, by_route = excluded.by_route, by_rpc = excluded.by_rpc, slowest = excluded.slowest)"};

// A few at a time, found by the key: as many come in, and it never takes long.
constexpr Query kForget{"performance.forget", R"(
  DELETE FROM performance_metrics p
  USING unnest(ARRAY[10, 60, 3600]) grain, LATERAL (
    SELECT grain_s, starts_at, process FROM performance_metrics
    WHERE grain_s = grain AND starts_at < now() - interval '30 days' ORDER BY starts_at LIMIT 100) old
  WHERE p.grain_s = old.grain_s AND p.starts_at = old.starts_at AND p.process = old.process)"};

std::string JsonOf(std::vector<pb::PerformanceRow> rows) {
  pb::RecordPerformanceRequest message;
  for (pb::PerformanceRow& row : rows) *message.add_rows() = std::move(row);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace

Task<> PerformanceTable::Put(Deadline deadline, std::vector<pb::PerformanceRow> rows) {
  std::vector<Statement> statements = {{kPut, Params(JsonOf(std::move(rows)))}, {kForget, {}}};
  co_return (co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements))).status();
}

}  // namespace ftl::performance
