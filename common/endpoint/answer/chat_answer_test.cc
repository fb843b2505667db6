#include "common/endpoint/answer/chat_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::HasSubstr;

// What the readers find is tested with them, in format/.

TEST(ChatAnswerTest, BreaksOffAnAnswerWithoutEnd) {
  const KeyScrub no_key{Secret()};
  ChatAnswer answer(/*text_bytes=*/100, no_key);
  for (int i = 0; i < 50; ++i) answer.TakeText("0123456789");
  EXPECT_TRUE(answer.has_failed());
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kCut, reply);
  EXPECT_EQ(reply.outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(reply.text.size(), 100u);
}

TEST(ChatAnswerTest, GivesNothingOfTheKeyBack) {
  const std::string key = "my-secret-key-of-letters";
  const KeyScrub scrub{Secret(key)};
  ChatAnswer answer(/*text_bytes=*/1024, scrub);
  answer.TakeThought(key);
  answer.TakeText("It is my-secret-k");
  answer.TakeText("ey-of-letters.");
  answer.TakeToolCallPart(0, {.id = key, .name = {}, .arguments = key});
  answer.TakeError({.message = "bad key " + key});
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  EXPECT_EQ(reply.text, "It is [key removed].");
  for (const std::string& text :
       {reply.reasoning, reply.tool_calls[0].id, reply.tool_calls[0].arguments, reply.failure.sentence}) {
    EXPECT_THAT(text, HasSubstr("[key removed]"));
  }
}

}  // namespace
}  // namespace ftl
