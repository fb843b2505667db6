#include "services/analytics/rpc/suggest.h"

#include <algorithm>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/narrator/suggestions.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/rpc/spoken_language.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

Task<pb::ListSuggestionsResponse> Suggest(Database& database, const CallContext& call,
                                          const pb::ListSuggestionsRequest& request) {
  FieldFaults faults;
  CheckLanguage(request.language(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  CO_TRY(const SessionRuns known, co_await LoadSessionRuns(database, call, scope.session));
  const auto is_asked_for = [&](const RunFacts& run) { return run.id == scope.run; };
  if (scope.run && std::none_of(known.runs.begin(), known.runs.end(), is_asked_for)) co_return RunNotFound();
  pb::ListSuggestionsResponse response;
  if (known.runs.empty()) co_return response;
  CO_TRY(const Finding summary,
         co_await Execute(database, call, scope.session, known, scope.run.value_or(""), SummaryQuery()));
  if (summary.metrics->completed_prompts() + summary.metrics->failed_prompts() == 0) co_return response;
  const Language& language = Language::Of(request.language());
  for (std::string& question : Suggestions(language, summary, known.categories.size(), known.runs.size())) {
    response.add_questions(std::move(question));
  }
  co_return response;
}

}  // namespace ftl::analytics
