#pragma once

#include <functional>
#include <memory>
#include <random>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "services/batch-runner/run/run_target.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// One prompt, called until it succeeds or no further attempt helps; its checks; one result. Fails only when it was
// cancelled: whatever an endpoint does becomes a result. Whether the endpoint takes the system role the target's next
// calls know. `throttled` is told of each answer that asks to slow down, with the time at which its call began.
Task<FinishedPrompt> RunPrompt(Caller& caller, std::shared_ptr<RunTarget> target, LeasedPrompt prompt,
                               std::mt19937_64& random, std::function<void(absl::Time)> throttled);

}  // namespace ftl::batch_runner
