#include "services/batch-runner/store/benchmark_store.h"

#include <google/protobuf/util/json_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kBegin{"benchmark.begin", R"(
  INSERT INTO benchmarks (owner, project, id, created_at, process, status, benchmark)
  VALUES ($1, $2, $3::uuid, $4, $5::uuid, 'running', $6::jsonb))"};

// Whoever carries one knows best: it goes on, or has ended, also where it was not heard of for a while.
constexpr Query kKeep{"benchmark.keep", R"(
  UPDATE benchmarks SET status = 'running', completed_at = NULL, heard_at = now(), benchmark = $4::jsonb
  WHERE owner = $1 AND project = $2 AND id = $3::uuid AND status IN ('running', 'interrupted')
  RETURNING cancel_requested)"};

constexpr Query kEnd{"benchmark.end", R"(
  UPDATE benchmarks SET status = $4, completed_at = $5, benchmark = $6::jsonb
  WHERE owner = $1 AND project = $2 AND id = $3::uuid AND status IN ('running', 'interrupted'))"};

constexpr Query kAskToCancel{"benchmark.ask_to_cancel", R"(
  UPDATE benchmarks SET cancel_requested = true
  WHERE owner = $1 AND project = $2 AND id = $3::uuid AND status = 'running')"};

constexpr Query kFindAbandoned{"benchmark.find_abandoned", R"(
  SELECT owner, project, id::text AS id FROM abandoned_benchmarks())"};

constexpr Query kInterrupt{"benchmark.interrupt", R"(
  UPDATE benchmarks SET status = 'interrupted', completed_at = now()
  WHERE owner = $1 AND project = $2 AND id = $3::uuid AND status = 'running' AND NOT is_heard_of(heard_at))"};

#define FTL_BENCHMARKS                                                                             \
  "SELECT b.benchmark::text AS benchmark, b.completed_at, CASE WHEN b.status = 'running' AND NOT " \
  "is_heard_of(b.heard_at) THEN 'interrupted' ELSE b.status END AS status FROM benchmarks b "
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
  benchmark.set_status(EnumOf<pb::BenchmarkStatus>(row.Get<std::string>("status")));
  if (const auto completed_at = row.Get<std::optional<absl::Time>>("completed_at")) {
    *benchmark.mutable_completed_at() = ToProto(*completed_at);
  }
  if (benchmark.status() == pb::BENCHMARK_STATUS_INTERRUPTED) {
    benchmark.set_error("The program that ran it ended before it. What had been measured is kept.");
  }
  return benchmark;
}

}  // namespace

Task<> BenchmarkStore::Begin(Deadline deadline, std::string owner, const pb::Benchmark& benchmark) {
  const Params params(owner, benchmark.project(), benchmark.id(), FromProto(benchmark.created_at()), process_,
                      JsonOf(benchmark));
  co_return (co_await database_.Run(deadline, SessionScope(owner), kBegin, params)).status();
}

Task<bool> BenchmarkStore::Keep(Deadline deadline, std::string owner, const pb::Benchmark& benchmark) {
  const Params params(owner, benchmark.project(), benchmark.id(), JsonOf(benchmark));
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kKeep, params));
  co_return !rows.empty() && !rows[0].Get<bool>("cancel_requested");
}

Task<> BenchmarkStore::End(Deadline deadline, std::string owner, const pb::Benchmark& benchmark) {
  const Params params(owner, benchmark.project(), benchmark.id(), EnumWord(benchmark.status()),
                      FromProto(benchmark.completed_at()), JsonOf(benchmark));
  co_return (co_await database_.Run(deadline, SessionScope(owner), kEnd, params)).status();
}

Task<> BenchmarkStore::AskToCancel(Deadline deadline, std::string owner, std::string project, std::string id) {
  const Params params(owner, project, id);
  co_return (co_await database_.Run(deadline, SessionScope(owner), kAskToCancel, params)).status();
}

Task<int64_t> BenchmarkStore::EndAbandoned(Deadline deadline) {
  CO_TRY(const Rows found, co_await database_.Run(deadline, SessionScope::None(), kFindAbandoned));
  int64_t ended = 0;
  for (const Row row : found) {
    const std::string owner = row.Get<std::string>("owner");
    const Params params(owner, row.Get<std::string>("project"), row.Get<std::string>("id"));
    CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kInterrupt, params));
    ended += rows.affected();
  }
  co_return ended;
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
