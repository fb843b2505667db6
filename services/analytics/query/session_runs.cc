#include "services/analytics/query/session_runs.h"

#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "common/error/try.h"
#include "services/analytics/query/run_summary.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr Query kRuns{"runs.of_session", R"(
  SELECT r.id::text AS id, r.status, r.test_suite_name, r.model_name, r.total_prompts, r.completed_prompts,
         r.failed_prompts, r.started_at, r.completed_at, r.config::text AS config, c.endpoint_origin
  FROM demo_batch_test_runs r JOIN demo_model_configs c ON c.session_id = r.demo_session_id
  WHERE r.demo_session_id = $1 ORDER BY r.created_at, r.id)"};

// Results are read only of runs that have no summary.
std::string CategoriesSql() {
  return fmt::format(R"(
  SELECT DISTINCT category FROM (
    SELECT jsonb_array_elements_text(run.summary->'categories') AS category
    FROM demo_batch_test_runs run WHERE run.demo_session_id = $1 AND {0}
    UNION ALL
    SELECT r.category
    FROM demo_batch_test_runs run
    JOIN demo_batch_test_results r ON r.demo_session_id = run.demo_session_id AND r.test_run_id = run.id
    WHERE run.demo_session_id = $1 AND NOT {0}) AS c
  WHERE category IS NOT NULL ORDER BY category LIMIT 200)",
                     kHasSummary);
}

// The host and port of an origin.
std::string HostOf(const std::string& origin) {
  const size_t scheme = origin.find("://");
  return scheme == std::string::npos ? origin : origin.substr(scheme + 3);
}

}  // namespace

Task<SessionRuns> LoadSessionRuns(Database& database, const CallContext& call, std::string session) {
  static const std::string& categories = *new std::string(CategoriesSql());
  std::vector<Statement> statements = {{kRuns, Params(session)},
                                       {Query{"runs.categories", categories}, Params(session)}};
  RunScope scope;
  scope.session = std::move(session);
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, std::move(scope), std::move(statements)));
  SessionRuns known;
  for (const Row row : rows[0]) {
    RunFacts run;
    run.id = row.Get<std::string>("id");
    run.number = static_cast<int>(known.runs.size()) + 1;
    run.status = row.Get<std::string>("status");
    run.suite = row.Get<std::string>("test_suite_name");
    run.model = row.Get<std::string>("model_name");
    run.total_prompts = row.Get<int32_t>("total_prompts");
    run.completed_prompts = row.Get<int32_t>("completed_prompts");
    run.failed_prompts = row.Get<int32_t>("failed_prompts");
    run.started_at = row.Get<std::optional<absl::Time>>("started_at");
    run.ended_at = row.Get<std::optional<absl::Time>>("completed_at");
    run.endpoint = HostOf(row.Get<std::string>("endpoint_origin"));
    // What cannot be read is absent; the row is the product's own.
    (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("config"), &run.parameters);
    known.runs.push_back(std::move(run));
  }
  for (const Row row : rows[1]) known.categories.push_back(row.Get<std::string>("category"));
  co_return known;
}

}  // namespace ftl::analytics
