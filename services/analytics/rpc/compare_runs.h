#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {

// Compares two runs of a session. INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, RUN_NOT_FOUND.
Task<finetunelab::analytics::v1::CompareRunsResponse> CompareTwoRuns(
    Database& database, const CallContext& call, const finetunelab::analytics::v1::CompareRunsRequest& request);

}  // namespace ftl::analytics
