#include "common/endpoint/http/heartbeat.h"

#include <gtest/gtest.h>

namespace ftl {
namespace {

using std::chrono::milliseconds;

const Deadline kNoon = Deadline(std::chrono::hours(12));

TEST(LatenessTest, TellsTheWorstSinceAnyMoment) {
  Lateness lateness;
  lateness.Note(kNoon + milliseconds(300), absl::Milliseconds(250));
  lateness.Note(kNoon + milliseconds(400), absl::Milliseconds(2));
  lateness.Note(kNoon + milliseconds(500), absl::Milliseconds(20));
  EXPECT_EQ(lateness.WorstSince(kNoon), absl::Milliseconds(250));
  EXPECT_EQ(lateness.WorstSince(kNoon + milliseconds(301)), absl::Milliseconds(20));
  EXPECT_EQ(lateness.WorstSince(kNoon + milliseconds(501)), absl::ZeroDuration());
}

TEST(LatenessTest, CountsOfWhatBeganBeforeOnlyThePartAfter) {
  Lateness lateness;
  lateness.Note(kNoon + milliseconds(300), absl::Milliseconds(250));
  EXPECT_EQ(lateness.WorstSince(kNoon + milliseconds(290)), absl::Milliseconds(10));
}

TEST(LatenessTest, KeepsNoMoreThanIsNeeded) {
  Lateness lateness;
  for (int beat = 1; beat <= 1000; ++beat) lateness.Note(kNoon + milliseconds(beat), absl::Microseconds(10));
  EXPECT_EQ(lateness.size(), 1u);
}

}  // namespace
}  // namespace ftl
