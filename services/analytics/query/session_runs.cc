#include "services/analytics/query/session_runs.h"

#include <utility>

#include "common/error/try.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr Query kRuns{"runs.of_session", R"(
  SELECT id::text AS id, status, test_suite_name, model_name, total_prompts, completed_prompts, failed_prompts
  FROM demo_batch_test_runs WHERE demo_session_id = $1 ORDER BY created_at, id)"};
constexpr Query kCategories{"runs.categories", R"(
  SELECT DISTINCT category FROM demo_batch_test_results
  WHERE demo_session_id = $1 AND category IS NOT NULL ORDER BY category LIMIT 200)"};

}  // namespace

Task<SessionRuns> LoadSessionRuns(Database& database, const CallContext& call, std::string session) {
  std::vector<Statement> statements = {{kRuns, Params(session)}, {kCategories, Params(session)}};
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
    known.runs.push_back(std::move(run));
  }
  for (const Row row : rows[1]) known.categories.push_back(row.Get<std::string>("category"));
  co_return known;
}

}  // namespace ftl::analytics
