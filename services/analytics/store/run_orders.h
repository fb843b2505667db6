#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/db/query.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/store/page_token.h"
#include "services/analytics/store/result_pages.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// The orders of an ended run's results, kept after it: a page of any order costs the same at any depth.

// Keeps every order of the scope's run, where it is over and they are not kept yet.
std::vector<Statement> KeepOrders(const RunScope& scope);

// One row for each run in scope, at most two: `id`, `is_over`, and whether the order that is asked for `is_kept`.
Statement AskOrder(const RunScope& scope, const finetunelab::analytics::v1::ListResultsRequest& request);
// The page in that order of the scope's run, whose order is kept. `place` is the end of the page before.
PageQuestion AskKeptPage(const RunScope& scope, const finetunelab::analytics::v1::ListResultsRequest& request,
                         int32_t page_size, const std::optional<PagePlace>& place);

}  // namespace ftl::analytics
