#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {

// Answers one query as Atlas would. INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, NO_RUN, RUN_NOT_FOUND.
Task<finetunelab::analytics::v1::RunQueryResponse> AnswerQuery(
    Database& database, const CallContext& call, const finetunelab::analytics::v1::RunQueryRequest& request);

}  // namespace ftl::analytics
