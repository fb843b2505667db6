#include "common/db/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/db/listener.h"
#include "common/error/refusal.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

class NotifierTest : public testing::Test {
 protected:
  absl::StatusOr<WakeUp> Next(absl::Duration within = absl::Seconds(5)) {
    return Await(io_, listener_.Next(DeadlineIn(within)));
  }

  TestDatabase database_;
  asio::io_context io_;
  Listener listener_{database_.As("ftl_batch_runner"), {"ftl_test", "ftl_other"}};
  Notifier notifier_{io_.get_executor(), database_.As("ftl_batch_runner")};
};

TEST_F(NotifierTest, WakesWhoeverListensAndJoinsWhatComesCloseTogether) {
  ASSERT_TRUE(Next()->may_have_missed);
  notifier_.Notify("ftl_test", "a");
  for (const char* payload : {"b", "c", "b"}) notifier_.Notify("ftl_test", payload);
  std::string heard;
  int wake_ups = 0;
  while (heard.find('c') == std::string::npos) {
    const auto wake_up = Next();
    ASSERT_TRUE(wake_up.ok()) << wake_up.status();
    EXPECT_EQ(wake_up->channel, "ftl_test");
    EXPECT_FALSE(wake_up->may_have_missed);
    heard += wake_up->payload + ";";
    ++wake_ups;
  }
  EXPECT_THAT(heard, testing::AnyOf("a,b,c;", "a;b,c;"));
  EXPECT_LE(wake_ups, 2);
}

TEST_F(NotifierTest, StaysConnectedWhenNothingHappens) {
  ASSERT_TRUE(Next()->may_have_missed);
  EXPECT_EQ(ReasonOf(Next(absl::Milliseconds(20)).status()), Reason::kDeadlineExceeded);
  notifier_.Notify("ftl_other");
  const auto wake_up = Next();
  ASSERT_TRUE(wake_up.ok()) << wake_up.status();
  EXPECT_EQ(wake_up->channel, "ftl_other");
  EXPECT_FALSE(wake_up->may_have_missed);
}

TEST_F(NotifierTest, SaysThatItMayHaveMissedSomethingAfterALoss) {
  ASSERT_TRUE(Next()->may_have_missed);
  TestCluster::Get().Stop();
  EXPECT_EQ(ReasonOf(Next().status()), Reason::kDatabaseUnavailable);
  TestCluster::Get().Start();
  const auto wake_up = Next();
  ASSERT_TRUE(wake_up.ok()) << wake_up.status();
  EXPECT_TRUE(wake_up->may_have_missed);
}

}  // namespace
}  // namespace ftl
