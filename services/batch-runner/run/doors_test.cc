#include "services/batch-runner/run/doors.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Deadline kNoon = Deadline(std::chrono::hours(12));

TEST(DoorsTest, IsClosedForAsLongAsTheLongestWaitAskedFor) {
  Doors doors;
  EXPECT_LT(doors.ClosedUntil("a"), kNoon);
  EXPECT_TRUE(doors.Close("a", absl::Seconds(60), kNoon));
  EXPECT_FALSE(doors.Close("a", absl::Seconds(59), kNoon + seconds(1))) << "the same burst";
  EXPECT_FALSE(doors.Close("a", absl::Seconds(5), kNoon + seconds(1)));
  EXPECT_EQ(doors.ClosedUntil("a"), kNoon + seconds(60));
  EXPECT_TRUE(doors.Close("a", absl::Seconds(120), kNoon + seconds(1)));
  EXPECT_EQ(doors.ClosedUntil("a"), kNoon + seconds(121));
  EXPECT_LT(doors.ClosedUntil("b"), kNoon) << "another key";
}

TEST(DoorsTest, CountsARowOfWaitsFromTheFirstAndEndsItWithAnAnswer) {
  Doors doors;
  doors.Close("a", absl::Seconds(60), kNoon);
  doors.Close("a", absl::Seconds(60), kNoon + seconds(61));
  EXPECT_EQ(doors.WaitingSince("a"), kNoon);
  EXPECT_TRUE(doors.Answered("a", kNoon + seconds(122)));
  EXPECT_FALSE(doors.Answered("a", kNoon + seconds(122))) << "told already";
  EXPECT_EQ(doors.WaitingSince("a"), std::nullopt);
  doors.Close("a", absl::Seconds(60), kNoon + seconds(130));
  EXPECT_EQ(doors.WaitingSince("a"), kNoon + seconds(130));
}

TEST(DoorsTest, AnAnswerThatComesWhileItIsClosedBeginsTheRowAnew) {
  Doors doors;
  doors.Close("a", absl::Seconds(60), kNoon);
  EXPECT_FALSE(doors.Answered("a", kNoon + seconds(1)));
  EXPECT_TRUE(doors.Answered("a", kNoon + seconds(20)));
  EXPECT_EQ(doors.WaitingSince("a"), kNoon + seconds(20));
}

TEST(DoorsTest, LearnsWhatOthersWereToldAndKeepsWhatIsNotStoredYet) {
  Doors doors;
  doors.Close("mine", absl::Seconds(60), kNoon);
  doors.Learn({{.pace_key = "theirs", .opens = absl::Seconds(30), .waiting = absl::Seconds(90)}}, kNoon);
  EXPECT_EQ(doors.ClosedUntil("theirs"), kNoon + seconds(30));
  EXPECT_EQ(doors.WaitingSince("theirs"), kNoon - seconds(90));
  EXPECT_EQ(doors.ClosedUntil("mine"), kNoon + seconds(60));
  doors.Learn({}, kNoon + seconds(61));
  EXPECT_EQ(doors.WaitingSince("mine"), std::nullopt) << "others were answered since";
}

TEST(DoorsTest, ARunWaitsFiveMinutesInARowOfItsOwnTime) {
  EXPECT_EQ(PatienceLeft(std::nullopt, kNoon, kNoon + minutes(60)), absl::Minutes(5));
  EXPECT_EQ(PatienceLeft(kNoon, kNoon - minutes(1), kNoon + minutes(4)), absl::Minutes(1));
  EXPECT_EQ(PatienceLeft(kNoon, kNoon + minutes(4), kNoon + minutes(5)), absl::Minutes(4)) << "it began late";
  EXPECT_LE(PatienceLeft(kNoon, kNoon, kNoon + minutes(5)), absl::ZeroDuration());
}

TEST(DoorsTest, SaysInWholeSecondsWhenToTryAgain) {
  EXPECT_EQ(ClosedDoorSentence(absl::Milliseconds(1200)),
            "The endpoint has asked all who call it with this key to wait. Try again in 2 s.");
}

}  // namespace
}  // namespace ftl::batch_runner
