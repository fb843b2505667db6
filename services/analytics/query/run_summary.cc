#include "services/analytics/query/run_summary.h"

#include <utility>
#include <vector>

#include <google/protobuf/util/json_util.h>
#include <boost/preprocessor/stringize.hpp>

#include "common/error/try.h"
#include "services/analytics/metrics/latency_distribution.h"
#include "services/analytics/metrics/run_metrics.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/query/summary_queries.h"

namespace ftl::analytics {
namespace {

// Another one whenever a field, or what a field is made of, changes: what is kept in another is worked out anew.
#define FTL_SUMMARY_FORMAT 2
constexpr int32_t kFormat = FTL_SUMMARY_FORMAT;
#define FTL_HAS_SUMMARY \
  "(run.status IN ('completed', 'failed', 'cancelled') AND "             \
  "coalesce(run.summary->>'format' = '" BOOST_STRINGIZE(FTL_SUMMARY_FORMAT) "' AND run.summary->>'results' = " \
  "(run.completed_prompts + run.failed_prompts)::text, false))"

constexpr Query kKept{"summary.kept",
                      "SELECT run.id::text AS id, run.status IN ('completed', 'failed', 'cancelled') AS is_over, "
                      "CASE WHEN " FTL_HAS_SUMMARY
                      " THEN run.summary::text END AS summary FROM demo_batch_test_runs run "
                      "WHERE run.demo_session_id = $1 AND ($2::uuid IS NULL OR run.id = $2::uuid) LIMIT 2"};
constexpr Query kCategories{"summary.categories", R"(
  SELECT DISTINCT category FROM demo_batch_test_results
  WHERE demo_session_id = $1 AND test_run_id = $2::uuid AND category IS NOT NULL ORDER BY category LIMIT 200)"};
constexpr Query kKeep{"summary.keep", R"(
  UPDATE demo_batch_test_runs SET summary = $3::jsonb
  WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('completed', 'failed', 'cancelled'))"};

std::optional<pb::RunSummary> Read(const std::string& json) {
  pb::RunSummary summary;
  if (!google::protobuf::util::JsonStringToMessage(json, &summary).ok()) return std::nullopt;
  if (summary.format() != kFormat) return std::nullopt;
  return summary;
}

std::string Written(const pb::RunSummary& summary) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(summary, &json, options);
  return json;
}

// `scope` has a run, which is over.
Task<pb::RunSummary> WorkOut(Database& database, const CallContext& call, const RunScope& scope) {
  const CompiledQuery slowest = Compile(SlowestQuery(), scope);
  const CompiledQuery cut = Compile(CutAnswersQuery(), scope);
  const CompiledQuery without_text = Compile(WithoutTextQuery(), scope);
  std::vector<Statement> statements = {AskMetrics(scope, std::nullopt),
                                       AskLatencyDistribution(scope, std::nullopt),
                                       {Query{"", slowest.sql}, slowest.params},
                                       {Query{"", cut.sql}, cut.params},
                                       {Query{"", without_text.sql}, without_text.params},
                                       {kCategories, Params(scope.session, scope.run)}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  pb::RunSummary summary;
  summary.set_format(kFormat);
  *summary.mutable_metrics() = MetricsOf(rows[0]);
  summary.set_results(summary.metrics().completed_prompts() + summary.metrics().failed_prompts());
  *summary.mutable_latency() = LatencyDistributionOf(rows[1]);
  if (!rows[2].empty()) summary.set_slowest_prompt_id(rows[2][0].Get<int32_t>("prompt_id"));
  summary.set_cut_answers(static_cast<int32_t>(rows[3].Only().Get<int64_t>("results")));
  summary.set_answers_without_text(static_cast<int32_t>(rows[4].Only().Get<int64_t>("results")));
  for (const Row row : rows[5]) summary.add_categories(row.Get<std::string>("category"));
  co_return summary;
}

}  // namespace

const std::string_view kHasSummary = FTL_HAS_SUMMARY;

bool EndedRun::IsWithin(std::optional<int64_t> up_to_sequence, const std::string& up_to_run_id) const {
  if (!up_to_sequence || (!up_to_run_id.empty() && up_to_run_id != id)) return true;
  return *up_to_sequence >= summary.results();
}

Task<std::optional<EndedRun>> FindSummary(Database& database, const CallContext& call, RunScope scope) {
  std::vector<Statement> ask = {{kKept, Params(scope.session, scope.run)}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(ask)));
  if (rows[0].size() != 1 || !rows[0].Only().Get<bool>("is_over")) co_return std::optional<EndedRun>();
  const Row row = rows[0].Only();
  EndedRun run{.id = row.Get<std::string>("id"), .summary = {}};
  if (const auto kept = row.Get<std::optional<std::string>>("summary")) {
    if (std::optional<pb::RunSummary> summary = Read(*kept)) {
      run.summary = *std::move(summary);
      co_return std::optional(std::move(run));
    }
  }
  scope.run = run.id;
  CO_TRY(run.summary, co_await WorkOut(database, call, scope));
  std::vector<Statement> keep = {{kKeep, Params(scope.session, run.id, Written(run.summary))}};
  CO_TRY(co_await RunScoped(database, call, scope, std::move(keep)));
  co_return std::optional(std::move(run));
}

}  // namespace ftl::analytics
