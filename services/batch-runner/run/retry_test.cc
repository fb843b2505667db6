#include "services/batch-runner/run/retry.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

ChatReply Failed(endpoint_pb::Outcome outcome, std::optional<absl::Duration> retry_after = std::nullopt) {
  ChatReply reply;
  reply.failure.outcome = outcome;
  reply.failure.retryable = true;
  reply.failure.retry_after = retry_after;
  return reply;
}

TEST(RetryTest, BacksOffFromHalfASecondLikeTheOfficialClients) {
  const ChatReply reply = Failed(endpoint_pb::OUTCOME_SERVER_ERROR);
  EXPECT_EQ(WaitBeforeRetry(reply, 1, 0), absl::Milliseconds(500));
  EXPECT_EQ(WaitBeforeRetry(reply, 2, 0), absl::Seconds(1));
  EXPECT_EQ(WaitBeforeRetry(reply, 1, 1), absl::Milliseconds(375));
}

TEST(RetryTest, CallsAtMostThreeTimes) {
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_THROTTLED), 3, 0), std::nullopt);
}

TEST(RetryTest, WaitsAsLongAsAskedUpToThirtySeconds) {
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_THROTTLED, absl::Seconds(30)), 1, 0), absl::Seconds(30));
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_THROTTLED, absl::Seconds(31)), 1, 0), std::nullopt);
}

TEST(RetryTest, NeverTriesATimeOutAgain) {
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_TIMEOUT), 1, 0), std::nullopt);
}

TEST(RetryTest, NeverTriesAgainWhatCannotSucceed) {
  ChatReply reply = Failed(endpoint_pb::OUTCOME_AUTH);
  reply.failure.retryable = false;
  EXPECT_EQ(WaitBeforeRetry(reply, 1, 0), std::nullopt);
}

}  // namespace
}  // namespace ftl::batch_runner
