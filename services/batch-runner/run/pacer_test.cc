#include "services/batch-runner/run/pacer.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

TEST(PacerTest, HonoursTheConcurrencyFromTheFirstCall) {
  Pacer pacer(/*per_minute=*/0, /*concurrency=*/4);
  EXPECT_EQ(pacer.MayStart(kNoon), 4);
  for (int i = 0; i < 4; ++i) pacer.Started(kNoon);
  EXPECT_EQ(pacer.MayStart(kNoon), 0);
  EXPECT_EQ(pacer.NextStart(kNoon), std::nullopt);
  pacer.Ended(/*throttled=*/false);
  EXPECT_EQ(pacer.MayStart(kNoon), 1);
}

TEST(PacerTest, HoldsTheNextPromptUntilItsTurn) {
  Pacer pacer(/*per_minute=*/60, /*concurrency=*/4);
  EXPECT_EQ(pacer.MayStart(kNoon), 1);
  pacer.Started(kNoon);
  EXPECT_EQ(pacer.MayStart(kNoon), 0);
  EXPECT_EQ(pacer.NextStart(kNoon), kNoon + absl::Seconds(1));
  EXPECT_EQ(pacer.MayStart(kNoon + absl::Seconds(1)), 1);
}

TEST(PacerTest, ARestGivesNoBurstAfterwards) {
  Pacer pacer(/*per_minute=*/60, /*concurrency=*/4);
  pacer.Started(kNoon);
  const absl::Time later = kNoon + absl::Minutes(5);
  pacer.Started(later);
  EXPECT_EQ(pacer.MayStart(later), 0);
}

TEST(PacerTest, ThrottlingHalvesOnceForTheCallsThatWereUnderWay) {
  Pacer pacer(/*per_minute=*/0, /*concurrency=*/8);
  for (int i = 0; i < 8; ++i) pacer.Started(kNoon);
  for (int i = 0; i < 8; ++i) pacer.Ended(/*throttled=*/true);
  EXPECT_EQ(pacer.concurrency(), 4);
}

TEST(PacerTest, ARoundOfGoodAnswersGivesOneBackUpToWhatWasAskedFor) {
  Pacer pacer(/*per_minute=*/0, /*concurrency=*/2);
  pacer.Started(kNoon);
  pacer.Ended(/*throttled=*/true);
  EXPECT_EQ(pacer.concurrency(), 1);
  for (int i = 0; i < 10; ++i) {
    pacer.Started(kNoon);
    pacer.Ended(/*throttled=*/false);
  }
  EXPECT_EQ(pacer.concurrency(), 2);
}

TEST(PacerTest, NeverFallsBelowOne) {
  Pacer pacer(/*per_minute=*/0, /*concurrency=*/1);
  pacer.Started(kNoon);
  pacer.Ended(/*throttled=*/true);
  EXPECT_EQ(pacer.MayStart(kNoon), 1);
}

}  // namespace
}  // namespace ftl::batch_runner
