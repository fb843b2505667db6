#pragma once

#include <string>

#include "common/db/query.h"
#include "common/db/row.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// The numbers of each group of the results in `scope` as SQL; its parameters are the session and the run. `grouping` is
// a known one.
std::string GroupsSql(finetunelab::analytics::v1::Grouping grouping);
Statement AskGroups(const RunScope& scope, std::string_view sql);
finetunelab::analytics::v1::GroupResultsResponse GroupsIn(const Rows& rows);

}  // namespace ftl::analytics
