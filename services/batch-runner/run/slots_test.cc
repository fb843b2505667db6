#include "services/batch-runner/run/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

LeasedPrompt Prompt(int32_t prompt_id, bool may_call, bool came_back = false) {
  return {.prompt_id = prompt_id,
          .fence = 1,
          .takeovers = 0,
          .may_call = may_call,
          .came_back = came_back,
          .prompt = {},
          .difficulty = pb::DIFFICULTY_EASY};
}

FinishedPrompt Result(int32_t prompt_id) {
  FinishedPrompt finished{.fence = 1, .result = {}};
  finished.result.set_prompt_id(prompt_id);
  finished.result.set_response("words");
  return finished;
}

std::vector<int32_t> IdsOf(const std::vector<FinishedPrompt>& finished) {
  std::vector<int32_t> ids;
  for (const FinishedPrompt& prompt : finished) ids.push_back(prompt.result.prompt_id());
  return ids;
}

// Two that may be called at once and three that are claimed ahead.
class SlotsTest : public testing::Test {
 protected:
  SlotsTest() {
    for (int32_t prompt_id = 1; prompt_id <= 5; ++prompt_id) slots_.Lease(Prompt(prompt_id, prompt_id <= 2));
  }
  void End(int32_t prompt_id) {
    slots_.EndCall(prompt_id);
    slots_.Finish(Result(prompt_id));
  }

  Slots slots_;
};

TEST_F(SlotsTest, CallsAreNeverMoreThanSlots) {
  ASSERT_TRUE(slots_.MayStart(1));
  EXPECT_EQ(slots_.Start().prompt_id, 1);
  EXPECT_FALSE(slots_.MayStart(1));
  EXPECT_TRUE(slots_.MayStart(2));
  EXPECT_EQ(slots_.Start().prompt_id, 2);
  EXPECT_FALSE(slots_.MayStart(9)) << "the others are only claimed";
  EXPECT_EQ(slots_.Room(2), 0u);
  EXPECT_EQ(slots_.Room(3), 1u);
  EXPECT_EQ(slots_.Room(-1), 0u);
}

TEST_F(SlotsTest, AResultHoldsItsSlotUntilItIsOnItsWay) {
  slots_.Start();
  slots_.Start();
  End(1);
  EXPECT_EQ(slots_.held(), 2u);
  EXPECT_THAT(slots_.NextIntents(slots_.Room(2)), IsEmpty());
  EXPECT_THAT(IdsOf(slots_.TakeFinished(1 << 20)), ElementsAre(1));
  EXPECT_THAT(slots_.NextIntents(slots_.Room(2)), ElementsAre(3));
}

TEST_F(SlotsTest, ACallMayBeginWhileItsIntentIsOnItsWayAndNoneAfterIt) {
  slots_.Start();
  slots_.Start();
  End(1);
  std::vector<FinishedPrompt> on_their_way = slots_.TakeFinished(1 << 20);
  ASSERT_TRUE(slots_.MayStartAhead(3));
  EXPECT_EQ(slots_.StartAhead(3).prompt_id, 3);
  EXPECT_EQ(slots_.Room(2), 0u);

  slots_.PutBack(std::move(on_their_way));
  EXPECT_EQ(slots_.held(), 3u) << "one commit behind";
  EXPECT_EQ(slots_.Room(2), 0u);
  EXPECT_THAT(slots_.NextIntents(0), ElementsAre(3)) << "the intent goes with the next step";
  EXPECT_THAT(IdsOf(slots_.TakeFinished(1 << 20)), ElementsAre(1));
  slots_.Commit({3});
  EXPECT_THAT(slots_.NextIntents(slots_.Room(2)), IsEmpty());
}

TEST_F(SlotsTest, WhatEndsBeforeItsIntentIsStoredNeedsNoIntent) {
  slots_.StartAhead(3);
  End(3);
  EXPECT_FALSE(slots_.has_uncommitted());
  EXPECT_THAT(slots_.NextIntents(0), IsEmpty());
  EXPECT_THAT(IdsOf(slots_.finished()), ElementsAre(3));
}

TEST_F(SlotsTest, WhatSomebodyElseHadIsNotCalledAheadOfItsIntent) {
  slots_.Lease(Prompt(6, false, true));
  EXPECT_FALSE(slots_.MayStartAhead(6));
  EXPECT_FALSE(slots_.MayStartAhead(1)) << "it is ready";
  EXPECT_FALSE(slots_.MayStartAhead(7)) << "it is not here";
}

TEST_F(SlotsTest, WhoWasToldToWaitIsCalledAfterTheOthers) {
  LeasedPrompt first = slots_.Start();
  slots_.EndCall(first.prompt_id);
  slots_.Refused(first.prompt_id);
  slots_.CallLater(std::move(first));
  EXPECT_THAT(slots_.NextIntents(4), ElementsAre(3, 4, 5, 1));
  slots_.Lease(Prompt(1, true));
  EXPECT_EQ(slots_.Start().prompt_id, 2) << "also where the store lets it call at once";
}

TEST_F(SlotsTest, AllThatIsLeasedIsHeld) {
  slots_.Start();
  End(1);
  slots_.Start();
  slots_.StartAhead(3);
  EXPECT_THAT(slots_.Held(), UnorderedElementsAre(1, 2, 3, 4, 5));
  slots_.GiveBack({5});
  EXPECT_THAT(slots_.Held(), UnorderedElementsAre(1, 2, 3, 4));
  slots_.Commit({3, 4});
  EXPECT_FALSE(slots_.has_none_to_call());
  slots_.DropReady();
  EXPECT_TRUE(slots_.has_none_to_call());
}

TEST_F(SlotsTest, ResultsAreTakenInOrderUpToSoManyBytesAndOneAtTheLeast) {
  for (const int32_t prompt_id : {7, 8, 9}) slots_.Finish(Result(prompt_id));
  EXPECT_THAT(IdsOf(slots_.TakeFinished(1)), ElementsAre(7));
  std::vector<FinishedPrompt> rest = slots_.TakeFinished(1 << 20);
  EXPECT_THAT(IdsOf(rest), ElementsAre(8, 9));
  slots_.Finish(Result(10));
  slots_.PutBack(std::move(rest));
  EXPECT_THAT(IdsOf(slots_.finished()), ElementsAre(8, 9, 10));
}

TEST_F(SlotsTest, OfALostLeaseOnlyTheCallsAreLeft) {
  slots_.Start();
  slots_.StartAhead(3);
  slots_.Finish(Result(2));
  slots_.Forget();
  EXPECT_TRUE(slots_.is_calling());
  EXPECT_FALSE(slots_.has_finished());
  EXPECT_FALSE(slots_.has_uncommitted());
  EXPECT_TRUE(slots_.has_none_to_call());
  slots_.Lease(Prompt(1, true));
  slots_.Start();
  slots_.EndCall(1);
  slots_.EndCall(3);
  EXPECT_TRUE(slots_.is_calling()) << "the prompt is called under the new lease";
  slots_.EndCall(1);
  EXPECT_FALSE(slots_.is_calling());
}

}  // namespace
}  // namespace ftl::batch_runner
