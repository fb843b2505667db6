#include "services/batch-runner/chat/answer_events.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kMessage = "0f9a7c2e-5d1b-4a66-9f3e-8f6d2c1b0a97";

// All that is told after `place`.
std::pair<std::string, std::string> TextAfter(std::string_view reasoning, std::string_view content, AnswerPlace place) {
  std::pair<std::string, std::string> told;
  while (const auto event = NextPiece(kMessage, reasoning, content, place)) {
    told.first += event->reasoning();
    told.second += event->content();
    EXPECT_EQ(CursorOf(event->id())->place, place);
  }
  return told;
}

TEST(AnswerEventsTest, TellsFromAnyEventOnWhatFollowsIt) {
  EXPECT_EQ(TextAfter("think", "answer", {}), std::make_pair(std::string("think"), std::string("answer")));
  EXPECT_EQ(TextAfter("think", "answer", {5, 3}), std::make_pair(std::string(), std::string("wer")));
  EXPECT_EQ(TextAfter("", "answer", {0, 6}), std::make_pair(std::string(), std::string()));
}

TEST(AnswerEventsTest, CutsNoCharacterAndNoPieceIsLong) {
  std::string text;
  while (text.size() < 200'000) text += "a€";
  AnswerPlace place;
  std::string told;
  int pieces = 0;
  while (const auto event = NextPiece(kMessage, "", text, place)) {
    ++pieces;
    EXPECT_LE(event->content().size(), 64u * 1024);
    EXPECT_NE(static_cast<unsigned char>(event->content().front()) & 0xc0, 0x80);
    told += event->content();
  }
  EXPECT_EQ(told, text);
  EXPECT_EQ(pieces, 4);
}

TEST(AnswerEventsTest, BearsAPlaceThatIsNone) {
  EXPECT_EQ(TextAfter("", "a€b", {0, 2}).second, "b");
  EXPECT_EQ(TextAfter("t", "abc", {900, 900}), std::make_pair(std::string(), std::string()));
}

TEST(AnswerEventsTest, KnowsTheIdsOfItsEventsFromOthers) {
  const auto cursor = CursorOf(EventIdOf(kMessage, {3, 14}));
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->message_id, kMessage);
  EXPECT_EQ(cursor->place, (AnswerPlace{3, 14}));
  const std::string id(kMessage);
  for (const std::string& other : {std::string(), std::string("17"), id, id + "-", id + "-1", id + "-1-", id + "-1--2",
                                   id + "-1-x", id + "-1-99999999999999999999"}) {
    EXPECT_FALSE(CursorOf(other)) << other;
  }
}

TEST(AnswerEventsTest, EndsWithDoneOrWithWhatWentWrong) {
  pb::Message answer;
  answer.set_id(std::string(kMessage));
  answer.set_status(pb::MESSAGE_STATUS_COMPLETE);
  answer.set_finish_reason("stop");
  answer.mutable_latency()->set_seconds(3);
  answer.mutable_ttft()->set_seconds(1);
  answer.set_input_tokens(4);
  answer.set_output_tokens(10);
  auto events = EndEvents("c", answer);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].timing().tokens_per_second(), 5);
  EXPECT_EQ(events[1].token_usage().output_tokens(), 10);
  EXPECT_EQ(events[2].done().finish_reason(), "stop");
  EXPECT_FALSE(events[2].done().has_cost());
  answer.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  answer.set_error("It broke.");
  EXPECT_EQ(EndEvents("c", answer).back().error().message(), "It broke.");
  answer.set_finish_reason("stopped");
  EXPECT_EQ(EndEvents("c", answer).back().done().finish_reason(), "stopped");
}

}  // namespace
}  // namespace ftl::batch_runner
