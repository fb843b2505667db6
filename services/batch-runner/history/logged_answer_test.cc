#include "services/batch-runner/history/logged_answer.h"

#include <gtest/gtest.h>

#include "services/batch-runner/call/model_call.h"

namespace ftl::batch_runner {
namespace {

constexpr const char* kWithKey = "use sk-proj-0123456789abcdefghij";
constexpr const char* kMasked = "use sk-[key removed]";

ModelCall Asked() {
  ModelCall asked{
      .owner = "o", .kind = pb::REQUEST_KIND_CHAT, .messages = {{"system", "Be brief."}, {"user", kWithKey}}};
  asked.model.set_id("m");
  return asked;
}

ModelAnswer Answered() {
  ModelAnswer answer{.id = "i", .service = "openai", .key_name = "default", .attempts = 2, .cost = 0.5};
  answer.reply.text = kWithKey;
  answer.reply.reasoning = kWithKey;
  answer.reply.input_tokens = 3;
  answer.reply.output_tokens = 4;
  answer.reply.finish_reason = "stop";
  return answer;
}

TEST(LoggedAnswerTest, MasksKeysInWhatWasAskedAnsweredAndThought) {
  pb::LoggedRequest row = RowOfBegun(Asked(), Answered(), /*keeps_content=*/true);
  FillEnded(Answered(), /*keeps_content=*/true, row);
  EXPECT_EQ(row.messages(1).content(), kMasked);
  EXPECT_EQ(row.prompt_preview(), kMasked);
  EXPECT_EQ(row.response(), kMasked);
  EXPECT_EQ(row.reasoning(), kMasked);
  EXPECT_EQ(row.status(), pb::REQUEST_STATUS_SUCCESS);
  EXPECT_EQ(row.total_tokens(), 7);
  EXPECT_EQ(row.cost(), 0.5);
}

TEST(LoggedAnswerTest, LeavesContentOutAndKeepsAllElse) {
  pb::LoggedRequest row = RowOfBegun(Asked(), Answered(), /*keeps_content=*/false);
  FillEnded(Answered(), /*keeps_content=*/false, row);
  EXPECT_TRUE(row.messages().empty());
  EXPECT_FALSE(row.has_prompt_preview() || row.has_response() || row.has_reasoning());
  EXPECT_EQ(row.completion_tokens(), 4);
  EXPECT_EQ(row.finish_reason(), "stop");
  FillStopped("half", "", /*keeps_content=*/false, row);
  EXPECT_FALSE(row.has_response());
}

TEST(LoggedAnswerTest, APreviewEndsAtAWholeCharacter) {
  ModelCall asked = Asked();
  asked.messages.back().content = "a";
  while (asked.messages.back().content.size() < 300) asked.messages.back().content += "\u00e9";
  const std::string preview = RowOfBegun(asked, Answered(), true).prompt_preview();
  EXPECT_EQ(preview.size(), 199u);
  EXPECT_EQ(preview.back(), '\xa9');
}

TEST(LoggedAnswerTest, KeepsWhatHadComeOfACallThatBroke) {
  ModelAnswer answer = Answered();
  answer.reply.failure.error_type = endpoint_pb::ERROR_TYPE_NETWORK;
  answer.reply.failure.sentence = "It was cut.";
  pb::LoggedRequest row = RowOfBegun(Asked(), answer, true);
  FillEnded(answer, true, row);
  EXPECT_EQ(row.status(), pb::REQUEST_STATUS_ERROR);
  EXPECT_EQ(row.error(), "It was cut.");
  EXPECT_EQ(row.response(), kMasked);
  pb::LoggedRequest stopped = RowOfBegun(Asked(), answer, true);
  FillStopped("half an", "", true, stopped);
  EXPECT_EQ(stopped.status(), pb::REQUEST_STATUS_CANCELLED);
  EXPECT_EQ(stopped.response(), "half an");
}

}  // namespace
}  // namespace ftl::batch_runner
