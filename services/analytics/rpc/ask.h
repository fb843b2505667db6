#pragma once

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/narrator/commentary.h"

namespace ftl::analytics {

// Answers a question about one session: understands it, runs the query, and writes the pieces of the answer in order,
// the facts first, then what the session's own model says of them, where it has one and it is wanted. Refuses before
// the first piece, or not at all. INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, RUN_NOT_FOUND.
Task<> Answer(Database& database, Commentary& commentary, const CallContext& call,
              const finetunelab::analytics::v1::AskRequest& request,
              rpc::Writer<finetunelab::analytics::v1::AskResponse>& writer);

}  // namespace ftl::analytics
