#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {

// How a run went, in the words that open a conversation with Atlas. Empty where there is no run, or no result yet.
Task<std::string> SummarizeRun(Database& database, const CallContext& call,
                               const finetunelab::analytics::v1::SummarizeRequest& request);

}  // namespace ftl::analytics
