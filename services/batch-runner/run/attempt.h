#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "services/batch-runner/run/run_target.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// What the calls of one prompt have to do with those of others.
struct CallRoom {
  // An answer asked to slow down; its call began then.
  std::function<void(absl::Time began)> throttled;
  // Waits until the run's requests a minute allow one more; null where they have no limit. The first request of a
  // prompt was counted when it was leased. Fails only when it was cancelled.
  std::function<Task<>()> turn;
  // The endpoint asked all to wait.
  std::function<void(absl::Duration wait)> asked_to_wait;
  // The model takes fewer output tokens than were asked for; the target's next calls know.
  std::function<void()> lowered;
};

// One prompt, called until it succeeds or no further attempt helps; its checks; one result, or none where it went back
// because the endpoint asked all to wait. Fails only when it was
// cancelled: whatever an endpoint does becomes a result. Whether the endpoint takes the system role, and
// how many tokens the model gives at the most, the target's next calls know.
Task<std::optional<FinishedPrompt>> RunPrompt(Caller& caller, std::shared_ptr<RunTarget> target, LeasedPrompt prompt,
                                              std::mt19937_64& random, CallRoom room);

}  // namespace ftl::batch_runner
