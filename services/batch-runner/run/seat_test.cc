#include "services/batch-runner/run/seat.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Deadline kStart = Deadline() + seconds(1000);

WorkStore::Step Granted(int slots, bool more = true) {
  WorkStore::Step step;
  step.fence = 7;
  step.slots = slots;
  step.more = more;
  step.leased.resize(slots);
  step.renewed = true;
  return step;
}

TEST(SeatTest, BeginsByLookingForWorkAndForOthers) {
  Seat seat;
  EXPECT_EQ(seat.fence(), 0);
  EXPECT_TRUE(seat.looks());
  EXPECT_TRUE(seat.MayClaim(kStart));
  EXPECT_FALSE(seat.IsHeld(kStart));
  EXPECT_FALSE(seat.may_be_known());
  EXPECT_TRUE(seat.TakeLook(true));
  EXPECT_FALSE(seat.looks()) << "once";
  EXPECT_FALSE(seat.TakeLook(true));
}

TEST(SeatTest, ALookThatMayNotBeIsOver) {
  Seat seat;
  EXPECT_FALSE(seat.TakeLook(false));
  EXPECT_FALSE(seat.looks());
}

TEST(SeatTest, HoldsALeaseUntilItEnds) {
  Seat seat;
  const WorkStore::Step step = Granted(4);
  EXPECT_FALSE(seat.Leased(step, true, false, kStart));
  seat.StepStored(step, kStart + seconds(15));
  EXPECT_EQ(seat.fence(), 7);
  EXPECT_TRUE(seat.has_leased());
  EXPECT_TRUE(seat.may_be_known());
  EXPECT_TRUE(seat.IsHeld(kStart + seconds(14)));
  EXPECT_FALSE(seat.IsHeld(kStart + seconds(15)));
  seat.Renewed(kStart + seconds(20));
  EXPECT_TRUE(seat.IsHeld(kStart + seconds(19)));
  seat.Renewed(kStart + seconds(18));
  EXPECT_TRUE(seat.IsHeld(kStart + seconds(19))) << "an older renewal takes nothing away";
}

TEST(SeatTest, AStepThatNeitherStoredNorLeasedProlongsNothing) {
  Seat seat;
  seat.StepStored(WorkStore::Step(), kStart + seconds(15));
  EXPECT_FALSE(seat.IsHeld(kStart));
}

TEST(SeatTest, WhoIsRefusedHasNoSeatUnlessTheRunHasEnded) {
  Seat refused;
  EXPECT_FALSE(refused.Leased(WorkStore::Step(), true, false, kStart));
  EXPECT_TRUE(refused.is_taken());
  EXPECT_FALSE(refused.may_be_known()) << "nothing is to be given back";
  Seat of_ended;
  of_ended.Leased(WorkStore::Step(), true, true, kStart);
  EXPECT_FALSE(of_ended.is_taken());
}

TEST(SeatTest, AnotherTokenMeansThatTheOldLeaseWasTakenOver) {
  Seat seat;
  EXPECT_FALSE(seat.Leased(Granted(4), true, false, kStart));
  EXPECT_FALSE(seat.Leased(Granted(4), true, false, kStart));
  WorkStore::Step other = Granted(4);
  other.fence = 8;
  EXPECT_TRUE(seat.Leased(other, true, false, kStart));
  EXPECT_EQ(seat.fence(), 8);
  EXPECT_TRUE(seat.looks());
}

TEST(SeatTest, AsksAgainWhereItGotNothingOnlyAfterAWhile) {
  Seat seat;
  WorkStore::Step nothing = Granted(4);
  nothing.leased.clear();
  seat.Leased(nothing, true, false, kStart);
  EXPECT_FALSE(seat.MayClaim(kStart));
  EXPECT_EQ(seat.NextQuestion(kStart), kStart + milliseconds(250));
  EXPECT_TRUE(seat.MayClaim(kStart + milliseconds(250)));
  seat.Leased(Granted(4, false), true, false, kStart + seconds(1));
  EXPECT_FALSE(seat.MayClaim(kStart + seconds(9))) << "there is no more";
}

TEST(SeatTest, WaitsAsLongAsCallsAMinuteWant) {
  Seat seat;
  WorkStore::Step paced = Granted(1);
  paced.pause = absl::Seconds(3);
  seat.Leased(paced, true, false, kStart);
  EXPECT_FALSE(seat.MayClaim(kStart + milliseconds(2999)));
  EXPECT_TRUE(seat.MayClaim(kStart + seconds(3)));
}

TEST(SeatTest, WhoLacksSlotsAsksForThemAtGrowingPauses) {
  Seat seat;
  WorkStore::Step crowded = Granted(0);
  crowded.crowded = true;
  Deadline now = kStart;
  for (const int wait_ms : {250, 500, 1000, 1000}) {
    seat.Leased(crowded, true, false, now);
    EXPECT_FALSE(seat.WantsSlots(0, false, now + milliseconds(wait_ms - 1))) << wait_ms;
    now += milliseconds(wait_ms);
    EXPECT_TRUE(seat.WantsSlots(0, false, now)) << wait_ms;
  }
  seat.Leased(Granted(4), true, false, now);
  EXPECT_FALSE(seat.WantsSlots(4, true, now + seconds(60))) << "it has its share";
}

TEST(SeatTest, WhoHasFewerSlotsThanItsShareAsksWhileThereIsAnythingToCall) {
  Seat seat;
  WorkStore::Step fewer = Granted(2, false);
  fewer.crowded = true;
  seat.Leased(fewer, true, false, kStart);
  EXPECT_TRUE(seat.WantsSlots(2, true, kStart + seconds(1)));
  EXPECT_FALSE(seat.WantsSlots(2, false, kStart + seconds(1)));
  EXPECT_TRUE(seat.WantsSlots(0, false, kStart + seconds(1))) << "without any it always asks";
}

TEST(SeatTest, WhoIsWokenAsksForEverythingAtOnce) {
  Seat seat;
  WorkStore::Step crowded = Granted(0, false);
  crowded.crowded = true;
  seat.Leased(crowded, true, false, kStart);
  seat.TakeLook(true);
  seat.Wake();
  EXPECT_TRUE(seat.looks());
  EXPECT_TRUE(seat.MayClaim(kStart));
  EXPECT_TRUE(seat.WantsSlots(0, false, kStart));
}

TEST(SeatTest, OfAStepThatFailedNobodyKnowsWhetherItLeased) {
  Seat seat;
  seat.TakeLook(true);
  seat.StepFailed(true, true);
  EXPECT_TRUE(seat.looks()) << "it is looked again";
  EXPECT_TRUE(seat.may_be_known());
}

TEST(SeatTest, TheLeaseThatWentWithTheLastPromptIsNotGivenBack) {
  Seat seat;
  seat.Leased(Granted(4), true, false, kStart);
  WorkStore::Step last;
  last.left = true;
  seat.StepStored(last, kStart);
  EXPECT_FALSE(seat.may_be_known());
}

}  // namespace
}  // namespace ftl::batch_runner
