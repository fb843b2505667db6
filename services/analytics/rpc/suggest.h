#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {

// Questions that fit the results of a run. SESSION_NOT_FOUND, SESSION_EXPIRED, RUN_NOT_FOUND, INVALID_FIELD for a
// language that Atlas does not speak.
Task<finetunelab::analytics::v1::ListSuggestionsResponse> Suggest(
    Database& database, const CallContext& call, const finetunelab::analytics::v1::ListSuggestionsRequest& request);

}  // namespace ftl::analytics
