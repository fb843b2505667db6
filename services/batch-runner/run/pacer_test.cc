#include "services/batch-runner/run/pacer.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

TEST(PacerTest, HonoursTheConcurrencyFromTheFirstCall) { EXPECT_EQ(Pacer(/*concurrency=*/4).slots(), 4); }

TEST(PacerTest, ThrottlingHalvesOnceForTheCallsThatWereUnderWay) {
  Pacer pacer(/*concurrency=*/8);
  const absl::Time later = kNoon + absl::Milliseconds(100);
  for (int i = 0; i < 8; ++i) pacer.Throttled(kNoon, later);
  EXPECT_EQ(pacer.slots(), 4);
  pacer.Throttled(later + absl::Milliseconds(1), later + absl::Milliseconds(2));
  EXPECT_EQ(pacer.slots(), 2);
}

TEST(PacerTest, NeverFallsBelowOne) {
  Pacer pacer(/*concurrency=*/1);
  pacer.Throttled(kNoon, kNoon);
  EXPECT_EQ(pacer.slots(), 1);
}

TEST(PacerTest, KeepsNewsUntilTheStoreHasHeardThem) {
  Pacer pacer(/*concurrency=*/4);
  pacer.Throttled(kNoon, kNoon);
  const PaceNews told = pacer.news();
  EXPECT_EQ(told.throttled, kNoon);
  pacer.Throttled(kNoon + absl::Seconds(1), kNoon + absl::Seconds(1));
  pacer.Heard(told);
  EXPECT_EQ(pacer.news().throttled, kNoon + absl::Seconds(1)) << "the second came while the first was told";
}

TEST(PacerTest, WhatWasGrantedBeforeTheStoreHeardOfThrottlingTakesNothingBack) {
  Pacer pacer(/*concurrency=*/8);
  pacer.Throttled(kNoon, kNoon);
  pacer.Granted(/*slots=*/8, /*slowed=*/false);
  EXPECT_EQ(pacer.slots(), 4);
  pacer.Heard(pacer.news());
  pacer.Granted(/*slots=*/8, /*slowed=*/false);
  EXPECT_EQ(pacer.slots(), 8);
}

TEST(PacerTest, CountsGoodAnswersOnlyWhileTheEndpointIsSpared) {
  Pacer pacer(/*concurrency=*/2);
  pacer.AnsweredWell();
  EXPECT_EQ(pacer.news().good, 0);
  pacer.Granted(/*slots=*/1, /*slowed=*/true);
  pacer.AnsweredWell();
  EXPECT_EQ(pacer.news().good, 1);
  pacer.Heard(pacer.news());
  EXPECT_EQ(pacer.news().good, 0);
}

}  // namespace
}  // namespace ftl::batch_runner
