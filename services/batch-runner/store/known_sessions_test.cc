#include "services/batch-runner/store/known_sessions.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

TEST(KnownSessionsTest, WhatWasLearnedIsKnownUntilItIsForgotten) {
  KnownSessions known;
  EXPECT_EQ(known.Of("run"), "");
  known.Learn("run", "session");
  EXPECT_EQ(known.Of("run"), "session");
  known.Forget("run");
  EXPECT_EQ(known.Of("run"), "");
}

TEST(KnownSessionsTest, WhatIsLookedAtStaysAndTheRestGoes) {
  KnownSessions known;
  known.Learn("looked at", "session");
  known.Learn("left alone", "session");
  const size_t many = 3 * KnownSessions::kMost;
  for (size_t i = 0; i < many; ++i) {
    known.Learn(std::to_string(i), "other");
    EXPECT_EQ(known.Of("looked at"), "session");
  }
  EXPECT_EQ(known.Of("left alone"), "");
  EXPECT_EQ(known.Of(std::to_string(many - 1)), "other");
  EXPECT_EQ(known.Of("0"), "");
  known.Forget("looked at");
  EXPECT_EQ(known.Of("looked at"), "");
}

}  // namespace
}  // namespace ftl::batch_runner
