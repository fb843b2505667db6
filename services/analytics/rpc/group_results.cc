#include "services/analytics/rpc/group_results.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/analytics/store/group_rows.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

absl::Status Validate(const pb::GroupResultsRequest& request) {
  FieldFaults faults;
  if (request.group_by() == pb::GROUPING_UNSPECIFIED) {
    faults.Add("group_by", "is missing");
  } else if (!pb::Grouping_IsValid(request.group_by())) {
    faults.Add("group_by", fmt::format("must be {}", EnumWords<pb::Grouping>()));
  }
  return faults.Verdict();
}

}  // namespace

Task<pb::GroupResultsResponse> GroupTheResults(Database& database, const CallContext& call,
                                               const pb::GroupResultsRequest& request) {
  CO_TRY(Validate(request));
  CO_TRY(const RunScope scope, co_await ResolveScope(database, call, request.session_id(), request.test_run_id()));
  const std::string sql = GroupsSql(request.group_by());
  std::vector<Statement> statements = {AskGroups(scope, sql)};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  co_return GroupsIn(rows[0]);
}

}  // namespace ftl::analytics
