#include "services/batch-runner/store/benchmark_store.h"

#include <google/protobuf/util/json_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kPut{"benchmark.put", R"(
  INSERT INTO benchmarks (owner, project, id, created_at, process, status, completed_at, benchmark)
  VALUES ($1, $2, $3::uuid, $4, $5::uuid, $6, $7, $8::jsonb)
  ON CONFLICT (owner, project, id) DO UPDATE SET
    status = excluded.status, completed_at = excluded.completed_at, benchmark = excluded.benchmark)"};

// `is_alone`: nobody goes on with it.
#define FTL_BENCHMARKS                                                                                         \
  "SELECT b.benchmark::text AS benchmark, b.status = 'running' AND NOT EXISTS (SELECT FROM request_writers w " \
  "WHERE w.process = b.process AND w.lease_until > now()) AS is_alone FROM benchmarks b "
constexpr Query kGet{"benchmark.get", FTL_BENCHMARKS "WHERE b.owner = $1 AND b.project = $2 AND b.id = $3::uuid"};
constexpr Query kList{"benchmark.list",
                      FTL_BENCHMARKS "WHERE b.owner = $1 AND b.project = $2 ORDER BY b.created_at DESC LIMIT 50"};

std::string JsonOf(const pb::Benchmark& benchmark) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(benchmark, &json, options);
  return json;
}

pb::Benchmark BenchmarkOf(const Row& row) {
  pb::Benchmark benchmark;
  (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("benchmark"), &benchmark);
  if (row.Get<bool>("is_alone")) benchmark.set_status(pb::BENCHMARK_STATUS_INTERRUPTED);
  return benchmark;
}

}  // namespace

Task<> BenchmarkStore::Put(Deadline deadline, std::string owner, const pb::Benchmark& benchmark) {
  std::optional<absl::Time> completed_at;
  if (benchmark.has_completed_at()) completed_at = FromProto(benchmark.completed_at());
  const Params params(owner, benchmark.project(), benchmark.id(), FromProto(benchmark.created_at()), process_,
                      EnumWord(benchmark.status()), completed_at, JsonOf(benchmark));
  co_return (co_await database_.Run(deadline, SessionScope(owner), kPut, params)).status();
}

Task<pb::Benchmark> BenchmarkStore::Get(Deadline deadline, std::string owner, std::string project, std::string id) {
  const auto not_found = [] { return Refuse(Reason::kNotFound, "There is no such benchmark."); };
  if (!IsUuid(id)) co_return not_found();
  const Params params(owner, project, id);
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kGet, params));
  if (rows.empty()) co_return not_found();
  co_return BenchmarkOf(rows[0]);
}

Task<std::vector<pb::Benchmark>> BenchmarkStore::List(Deadline deadline, std::string owner, std::string project) {
  const Params params(owner, project);
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kList, params));
  std::vector<pb::Benchmark> benchmarks;
  for (const Row row : rows) benchmarks.push_back(BenchmarkOf(row));
  co_return benchmarks;
}

}  // namespace ftl::batch_runner
