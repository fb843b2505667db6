#include "services/batch-runner/call/retry.h"

#include <algorithm>

namespace ftl::batch_runner {

std::optional<absl::Duration> WaitAskedOfAll(const ChatReply& reply) {
  const CallFailure& failure = reply.failure;
  if (failure.outcome != endpoint_pb::OUTCOME_THROTTLED || !failure.retryable || !failure.retry_after) {
    return std::nullopt;
  }
  if (*failure.retry_after <= absl::ZeroDuration() || *failure.retry_after > kLongestWait) return std::nullopt;
  return failure.retry_after;
}

std::optional<absl::Duration> WaitBeforeRetry(const ChatReply& reply, int attempts, double jitter) {
  const CallFailure& failure = reply.failure;
  if (!failure.retryable || attempts >= kMaxAttempts) return std::nullopt;
  if (failure.outcome == endpoint_pb::OUTCOME_TIMEOUT) return std::nullopt;
  if (failure.retry_after) {
    if (*failure.retry_after > kLongestWait) return std::nullopt;
    return *failure.retry_after;
  }
  const absl::Duration doubled = absl::Milliseconds(500) * (1 << (attempts - 1));
  return std::min(doubled, absl::Seconds(8)) * (1 - 0.25 * jitter);
}

}  // namespace ftl::batch_runner
