#include "services/batch-runner/compare/compare_events.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kId[] = "11111111-1111-4111-8111-111111111111";

pb::Comparison TwoColumns(int repeat = 1) {
  pb::Comparison comparison;
  comparison.set_id(kId);
  comparison.set_columns(2);
  comparison.set_repeat(repeat);
  for (int index = 0; index < 2; ++index) {
    comparison.add_models()->set_id("model " + std::to_string(index));
    for (int repetition = 1; repetition <= repeat; ++repetition) {
      pb::ComparedAnswer& answer = *comparison.add_answers();
      answer.set_index(index);
      answer.set_repetition(repetition);
    }
  }
  return comparison;
}

TEST(CompareEventsTest, AnIdSaysHowMuchOfEachAnswerSomebodyHasHad) {
  const std::string id = CompareEventId(kId, {{3, 0}, {0, 17}});
  EXPECT_EQ(id, fmt::format("{}-3.0_0.17", kId));
  const auto cursor = CompareCursorOf(id);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->comparison_id, kId);
  ASSERT_EQ(cursor->places.size(), 2u);
  EXPECT_EQ(cursor->places[0].reasoning, 3u);
  EXPECT_EQ(cursor->places[1].content, 17u);
}

TEST(CompareEventsTest, WhatIsNoIdIsNone) {
  for (const char* tail : {"", "-", "-1", "-1.2_", "-1.-2", "-1.2.3"}) {
    EXPECT_FALSE(CompareCursorOf(fmt::format("{}{}", kId, tail))) << tail;
  }
  EXPECT_FALSE(CompareCursorOf("-1.2"));
  EXPECT_FALSE(CompareCursorOf(CompareEventId(kId, ComparePlaces(41))));
}

TEST(CompareEventsTest, TellsEachPieceOnceAndWhoseItIs) {
  pb::Comparison comparison = TwoColumns(2);
  comparison.mutable_answers(3)->set_reasoning("hm");
  comparison.mutable_answers(3)->set_content("Good");
  ComparePlaces places(4);
  auto piece = NextComparePiece(comparison, 3, places);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->reasoning(), "hm");
  EXPECT_EQ(piece->index(), 1);
  EXPECT_EQ(piece->repetition(), 2);
  piece = NextComparePiece(comparison, 3, places);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->content(), "Good");
  EXPECT_EQ(piece->id(), fmt::format("{}-0.0_0.0_0.0_2.4", kId));
  EXPECT_FALSE(NextComparePiece(comparison, 3, places));
  comparison.mutable_answers(3)->set_content("Good day");
  EXPECT_EQ(NextComparePiece(comparison, 3, places)->content(), " day");
  ComparePlaces behind(4, {1000, 1000});
  EXPECT_FALSE(NextComparePiece(comparison, 3, behind)) << "a place behind the end has no more";
}

TEST(CompareEventsTest, HidesModelsAndCostsOfABlindOneUntilItIsMarked) {
  pb::Comparison comparison = TwoColumns();
  comparison.set_blind(true);
  comparison.mutable_answers(0)->set_status(pb::MESSAGE_STATUS_COMPLETE);
  comparison.mutable_answers(0)->set_cost(0.5);
  EXPECT_FALSE(CompareStarts(comparison)[0].start().has_model());
  EXPECT_FALSE(CompareEnds(comparison, 0).back().done().has_cost());
  comparison.mutable_answers(1)->set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  comparison.mutable_answers(1)->set_error("It said: The model 'model 2' does not exist.");
  EXPECT_THAT(CompareEnds(comparison, 1).back().error().message(), Not(HasSubstr("model 2")));
  comparison.mutable_mark()->set_index(0);
  EXPECT_THAT(CompareEnds(comparison, 1).back().error().message(), HasSubstr("model 2"));
  EXPECT_EQ(CompareStarts(comparison)[1].start().model().id(), "model 1");
  EXPECT_EQ(CompareEnds(comparison, 0).back().done().cost(), 0.5);
}

TEST(CompareEventsTest, AnAnswerThatFailedEndsWithWhy) {
  pb::Comparison comparison = TwoColumns();
  comparison.mutable_answers(1)->set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  comparison.mutable_answers(1)->set_error("It was away.");
  const auto ends = CompareEnds(comparison, 1);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].error().message(), "It was away.");
  EXPECT_EQ(ends[0].index(), 1);
}

}  // namespace
}  // namespace ftl::batch_runner
