#pragma once

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/request_log_service.pb.h"
#include "services/batch-runner/call/model_call.h"
#include "services/batch-runner/store/request_store.h"

namespace ftl::batch_runner {

// Makes a call of the log once more, with what the request changes, and gives its row when it has ended. NOT_FOUND;
// CONFLICT where its content was not kept; INVALID_FIELD; those of ModelCalls::Call. `log` and `calls` outlive it.
Task<pb::LoggedRequest> Replay(RequestStore& log, ModelCalls& calls, const CallContext& call,
                               const pb::ReplayRequest& request);

}  // namespace ftl::batch_runner
