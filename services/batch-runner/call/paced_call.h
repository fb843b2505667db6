#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "services/batch-runner/call/call_target.h"

namespace ftl::batch_runner {

// Who hears how a call goes, and says when its requests may. On the module's thread; not to outlive the call.
struct CallObserver {
  // One attempt has ended, however it did; it began then.
  std::function<void(const ChatReply& reply, absl::Time began)> attempted;
  // Another attempt follows.
  std::function<void()> retries;
  // The model takes fewer output tokens than were asked for; the target's next calls know.
  std::function<void()> lowered;
  // This process has no room for the call; it waits, and that is no attempt.
  std::function<void()> waits_for_room;
  // Waits until one request more may be sent: asked before every one but the first. Null where there is no limit. Fails
  // only when it was cancelled.
  std::function<Task<>()> turn;
  // The answer as it comes; null where nobody listens. What has been handed over cannot be taken back: an attempt that
  // fails behind its first piece is the last.
  OnPiece piece = nullptr;
};

struct PacedReply {
  ChatReply reply;  // of the last attempt
  int attempts = 0;
  absl::Duration total;  // of all of them, with the waits between
  // The endpoint has asked all who call it to wait for so long, and no further attempt was made: nobody's failure.
  std::optional<absl::Duration> asked_to_wait;
};

// One request to an endpoint, sent again until it succeeds or no further attempt helps (retry.h); each attempt ends
// within `limit`. While this process has no room for it (file descriptors, look-ups) it waits. Whatever an endpoint
// does is a reply: fails only when it was cancelled. Whether the endpoint takes the system role, and how many tokens
// the model gives at the most, the target's next calls know. `caller` and `random` must outlive the call.
Task<PacedReply> CallPaced(Caller& caller, std::shared_ptr<CallTarget> target, ChatRequest request,
                           absl::Duration limit, std::mt19937_64& random, CallObserver observer);

}  // namespace ftl::batch_runner
