#include "services/analytics/rpc/compare_runs.h"

#include <absl/strings/ascii.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/compare/run_comparison.h"
#include "services/analytics/store/result_pairs.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

absl::Status Validate(const pb::CompareRunsRequest& request) {
  FieldFaults faults;
  if (request.base().empty()) faults.Add("base", "is missing");
  if (request.other().empty()) faults.Add("other", "is missing");
  if (!request.base().empty() && absl::AsciiStrToLower(request.base()) == absl::AsciiStrToLower(request.other())) {
    faults.Add("other", "must be another run than base");
  }
  return faults.Verdict();
}

}  // namespace

Task<pb::CompareRunsResponse> CompareTwoRuns(Database& database, const CallContext& call,
                                             const pb::CompareRunsRequest& request) {
  CO_TRY(Validate(request));
  if (!IsUuid(request.base())) co_return RunNotFound();
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.other()));
  RunPair runs{.session = scope.session, .base = request.base(), .other = request.other()};
  if (request.has_up_to_sequence()) {
    runs.up_to_sequence = request.up_to_sequence();
    runs.up_to_run_id = request.up_to_run_id();
  }
  std::vector<Statement> statements = {AskWhetherBaseIsThere(runs), AskPairs(runs)};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  if (!rows[0].Only().Get<bool>("there")) co_return RunNotFound();
  co_return Compare(PairsOf(rows[1]));
}

}  // namespace ftl::analytics
