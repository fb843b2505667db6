#include "services/batch-runner/call/call_budget.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

TEST(CallBudgetTest, GivesNoMoreThanItHas) {
  CallBudget budget(2);
  EXPECT_TRUE(budget.Take("a"));
  EXPECT_TRUE(budget.Take("a"));
  EXPECT_FALSE(budget.Take("b"));
  EXPECT_EQ(budget.used(), 2u);
  EXPECT_EQ(budget.waiting(), 1u);
}

TEST(CallBudgetTest, WhoWantsManyStarvesNoneThatWantsOne) {
  CallBudget budget(2);
  EXPECT_TRUE(budget.Take("big"));
  EXPECT_TRUE(budget.Take("big"));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(budget.Take("big"));
  EXPECT_FALSE(budget.Take("small"));
  EXPECT_EQ(budget.GiveBack(), "big");
  EXPECT_FALSE(budget.Take("small")) << "the place is kept";
  EXPECT_TRUE(budget.Take("big"));
  EXPECT_FALSE(budget.Take("big"));
  EXPECT_EQ(budget.GiveBack(), "small") << "who has had its turn goes to the end of the line";
  EXPECT_TRUE(budget.Take("small"));
  EXPECT_EQ(budget.used(), 2u);
}

TEST(CallBudgetTest, WhatNobodyWantsIsFree) {
  CallBudget budget(1);
  EXPECT_TRUE(budget.Take("a"));
  EXPECT_EQ(budget.GiveBack(), std::nullopt);
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(budget.Take("b"));
}

TEST(CallBudgetTest, WhoLeavesLeavesItsPlaceToTheNext) {
  CallBudget budget(1);
  EXPECT_TRUE(budget.Take("a"));
  for (const char* party : {"b", "c", "d"}) EXPECT_FALSE(budget.Take(party));
  EXPECT_EQ(budget.Leave("c"), std::nullopt) << "it was only in line";
  EXPECT_EQ(budget.GiveBack(), "b");
  EXPECT_EQ(budget.Leave("b"), "d");
  EXPECT_TRUE(budget.Take("d"));
  EXPECT_EQ(budget.GiveBack(), std::nullopt);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace ftl::batch_runner
