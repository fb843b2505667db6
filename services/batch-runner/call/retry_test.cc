#include "services/batch-runner/call/retry.h"

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

TEST(RetryTest, WaitsAsLongAsAskedUpToTwoMinutes) {
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_SERVER_ERROR, absl::Seconds(120)), 1, 0), absl::Seconds(120));
  EXPECT_EQ(WaitBeforeRetry(Failed(endpoint_pb::OUTCOME_SERVER_ERROR, absl::Seconds(121)), 1, 0), std::nullopt);
}

TEST(RetryTest, AnOverrunEndpointAsksAllToWaitAndNeverForLongerThanTwoMinutes) {
  EXPECT_EQ(WaitAskedOfAll(Failed(endpoint_pb::OUTCOME_THROTTLED, absl::Seconds(120))), absl::Seconds(120));
  EXPECT_EQ(WaitAskedOfAll(Failed(endpoint_pb::OUTCOME_THROTTLED, absl::Seconds(121))), std::nullopt);
  EXPECT_EQ(WaitAskedOfAll(Failed(endpoint_pb::OUTCOME_THROTTLED)), std::nullopt) << "it did not say how long";
  EXPECT_EQ(WaitAskedOfAll(Failed(endpoint_pb::OUTCOME_SERVER_ERROR, absl::Seconds(5))), std::nullopt);
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
