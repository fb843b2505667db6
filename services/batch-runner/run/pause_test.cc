#include "services/batch-runner/run/pause.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Deadline kBegan = Deadline() + seconds(1000);
const Deadline kNow = kBegan + minutes(10);

TEST(PauseTest, ForALongWaitTheLeaseGoesAndPeopleAreTold) {
  const Pause::Step step = Pause(kBegan).Next(kNow + seconds(30), kNow, false, true, kNow);
  EXPECT_TRUE(step.gives_back);
  EXPECT_TRUE(step.tells);
  EXPECT_FALSE(step.gives_up);
}

TEST(PauseTest, AShortWaitIsOnlyWaitedFor) {
  const Pause::Step step = Pause(kBegan).Next(kNow + milliseconds(900), kNow, false, true, kNow);
  EXPECT_FALSE(step.gives_back);
  EXPECT_FALSE(step.tells);
  EXPECT_FALSE(step.gives_up);
}

TEST(PauseTest, CallsEndBeforeTheLeaseGoes) {
  const Pause::Step step = Pause(kBegan).Next(kNow + seconds(30), kNow, true, true, kNow);
  EXPECT_FALSE(step.gives_back);
  EXPECT_TRUE(step.tells);
  EXPECT_FALSE(Pause(kBegan).Next(kNow + seconds(30), kNow, false, false, kNow).gives_back) << "there is none";
}

TEST(PauseTest, IsToldOnceAndAgainWhereItGrows) {
  Pause pause(kBegan);
  pause.Told(kNow + seconds(30));
  EXPECT_FALSE(pause.Next(kNow + seconds(30), kNow, false, true, kNow).tells);
  EXPECT_FALSE(pause.Next(kNow + seconds(31), kNow, false, true, kNow).tells) << "hardly longer";
  EXPECT_TRUE(pause.Next(kNow + seconds(60), kNow, false, true, kNow).tells);
}

TEST(PauseTest, GivesUpAfterFiveMinutesWithoutAnAnswerToAnybody) {
  const Pause pause(kBegan);
  EXPECT_FALSE(pause.Next(kNow + seconds(30), kNow - minutes(5) + seconds(1), false, true, kNow).gives_up);
  EXPECT_TRUE(pause.Next(kNow + seconds(30), kNow - minutes(5), false, true, kNow).gives_up);
  EXPECT_FALSE(pause.Next(kNow + seconds(30), kNow - minutes(5), true, true, kNow).gives_up) << "a call may answer yet";
  EXPECT_FALSE(pause.Next(kNow + seconds(30), std::nullopt, false, true, kNow).gives_up);
  EXPECT_FALSE(Pause(kNow - minutes(4)).Next(kNow + seconds(30), kNow - minutes(9), false, true, kNow).gives_up)
      << "what others waited before the run began is not its own";
}

}  // namespace
}  // namespace ftl::batch_runner
