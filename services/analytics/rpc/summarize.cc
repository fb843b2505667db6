#include "services/analytics/rpc/summarize.h"

#include <algorithm>

#include "common/error/try.h"
#include "services/analytics/narrator/summary.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

Task<std::string> SummarizeRun(Database& database, const CallContext& call, const pb::SummarizeRequest& request) {
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  CO_TRY(const SessionRuns known, co_await LoadSessionRuns(database, call, scope.session));
  const auto is_asked_for = [&](const RunFacts& run) { return run.id == scope.run; };
  if (scope.run && std::none_of(known.runs.begin(), known.runs.end(), is_asked_for)) co_return RunNotFound();
  if (known.runs.empty()) co_return std::string();
  CO_TRY(const Finding finding,
         co_await Execute(database, call, scope.session, known, scope.run.value_or(""), SummaryQuery()));
  if (finding.metrics->completed_prompts() + finding.metrics->failed_prompts() == 0) co_return std::string();
  Telling telling(Language::Of("en"));
  const std::string text = TellVerdict(telling, finding);
  co_return telling.Finish(text).text;
}

}  // namespace ftl::analytics
