#pragma once

#include <optional>

#include <absl/time/time.h>

#include "common/endpoint/chat_call.h"

namespace ftl::batch_runner {

// How often a prompt is called at the most.
inline constexpr int kMaxAttempts = 3;
// A longer wait ends the prompt.
inline constexpr absl::Duration kLongestWait = absl::Seconds(120);

// What an endpoint that is overrun asks all its callers to wait before they call again, up to kLongestWait: no attempt,
// and nobody's failure. Pure.
std::optional<absl::Duration> WaitAskedOfAll(const ChatReply& reply);

// How long to wait before the next attempt, or nullopt when there is none: the reply is good or final, attempts are
// used up, or the endpoint asks for a longer wait. `attempts` counts those made; `jitter` is in [0, 1). The rules of
// OpenAI's own clients: Retry-After where given, else 0.5 s doubling to 8 s, times 0.75 to 1. Time-outs are never tried
// again. Pure.
std::optional<absl::Duration> WaitBeforeRetry(const ChatReply& reply, int attempts, double jitter);

}  // namespace ftl::batch_runner
