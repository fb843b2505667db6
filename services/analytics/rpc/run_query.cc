#include "services/analytics/rpc/run_query.h"

#include <algorithm>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/table.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/query/query_rules.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

absl::Status Validate(const pb::RunQueryRequest& request) {
  FieldFaults faults;
  if (!request.has_query()) {
    faults.Add("query", "is missing");
  } else {
    JudgeQuery(request.query(), faults);
  }
  return faults.Verdict();
}

}  // namespace

Task<pb::RunQueryResponse> AnswerQuery(Database& database, const CallContext& call,
                                       const pb::RunQueryRequest& request) {
  CO_TRY(Validate(request));
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  CO_TRY(const SessionRuns known, co_await LoadSessionRuns(database, call, scope.session));
  const auto is_asked_for = [&](const RunFacts& run) { return run.id == scope.run; };
  if (scope.run && std::none_of(known.runs.begin(), known.runs.end(), is_asked_for)) co_return RunNotFound();
  if (known.runs.empty()) {
    co_return Refuse(Reason::kNoRun, "This session has no run yet; start one with POST /api/demo/v2/batch-test.");
  }
  CO_TRY(const Finding finding,
         co_await Execute(database, call, scope.session, known, scope.run.value_or(""), request.query()));
  pb::ToolResult table = TableOf(finding);
  pb::RunQueryResponse response;
  response.mutable_columns()->Swap(table.mutable_columns());
  response.mutable_rows()->Swap(table.mutable_rows());
  response.set_total(table.total());
  response.mutable_differences()->Swap(table.mutable_differences());
  response.set_query_text(QueryText(Language::Of("en"), finding.query));
  co_return response;
}

}  // namespace ftl::analytics
