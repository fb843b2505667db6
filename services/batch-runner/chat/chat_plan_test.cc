#include "services/batch-runner/chat/chat_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

pb::ChatRequest Saying(std::string_view message) {
  pb::ChatRequest request;
  request.mutable_model()->set_service("openai");
  request.mutable_model()->set_id("m");
  if (!message.empty()) request.set_message(std::string(message));
  return request;
}

// Of a conversation in which person and model have spoken in turn, so many messages in all.
ChatScene SceneOf(int messages) {
  ChatScene scene;
  scene.conversation.emplace();
  scene.conversation->set_id("c");
  for (int i = 1; i <= messages; ++i) {
    pb::Message& message = scene.branch.emplace_back();
    message.set_id(std::to_string(i));
    message.set_role(i % 2 == 1 ? pb::MESSAGE_ROLE_USER : pb::MESSAGE_ROLE_ASSISTANT);
    message.set_content("message " + std::to_string(i));
    message.set_status(pb::MESSAGE_STATUS_COMPLETE);
  }
  scene.depth = messages;
  return scene;
}

std::vector<std::string> Shown(const ChatPlan& plan) {
  std::vector<std::string> shown;
  for (const ChatMessage& message : plan.shown) shown.push_back(message.role + ": " + message.content);
  return shown;
}

std::vector<std::string> FaultyFields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(status)) fields.push_back(fault.field);
  return fields;
}

TEST(ChatPlanTest, AsksAsTheRequestSaysElseTheAgentElseTheConversation) {
  ChatScene scene = SceneOf(0);
  scene.conversation->mutable_model()->set_id("of the conversation");
  scene.conversation->set_system_prompt("of the conversation");
  scene.conversation->mutable_parameters()->set_temperature(0.1);
  scene.conversation->mutable_parameters()->set_max_tokens(11);
  pb::ChatRequest request = Saying("hello");
  request.clear_model();
  request.set_top_p(0);
  ChatPlan plan = *PlanChat(request, scene, 50);
  EXPECT_EQ(plan.model.id(), "of the conversation");
  EXPECT_THAT(Shown(plan), ElementsAre("system: of the conversation", "user: hello"));
  EXPECT_EQ(plan.parameters.temperature(), 0.1);
  EXPECT_EQ(plan.parameters.max_tokens(), 11);
  EXPECT_EQ(plan.parameters.top_p(), 0);
  scene.agent.emplace();
  scene.agent->mutable_model()->set_id("of the agent");
  scene.agent->set_system_prompt("of the agent");
  scene.agent->mutable_parameters()->set_temperature(0.2);
  request.set_agent("a");
  request.set_system_prompt("of the request");
  plan = *PlanChat(request, scene, 50);
  EXPECT_EQ(plan.model.id(), "of the agent");
  EXPECT_THAT(Shown(plan), ElementsAre("system: of the request", "user: hello"));
  EXPECT_EQ(plan.parameters.temperature(), 0.2);
  EXPECT_EQ(plan.parameters.max_tokens(), 11);
}

TEST(ChatPlanTest, HasDefaultsForWhatNobodySays) {
  const ChatPlan plan = *PlanChat(Saying("hello"), {}, 50);
  EXPECT_EQ(plan.parameters.temperature(), 0.7);
  EXPECT_EQ(plan.parameters.max_tokens(), 512);
  EXPECT_EQ(plan.parameters.top_p(), 0.9);
  EXPECT_FALSE(plan.parameters.has_stream());
  EXPECT_EQ(plan.title, "hello");
  EXPECT_FALSE(plan.parent_id);
}

TEST(ChatPlanTest, ShowsTheNewestMessagesAndCountsTheOthers) {
  ChatScene scene = SceneOf(6);
  EXPECT_EQ(PlanChat(Saying("now"), scene, 7)->left_out, 0);
  const ChatPlan plan = *PlanChat(Saying("now"), scene, 3);
  EXPECT_THAT(Shown(plan), ElementsAre("user: message 5", "assistant: message 6", "user: now"));
  EXPECT_EQ(plan.left_out, 4);
  EXPECT_EQ(plan.parent_id, "6");
  scene.depth = 100;  // the branch is longer than what was read of it
  EXPECT_EQ(PlanChat(Saying("now"), scene, 3)->left_out, 98);
  scene.branch[4].set_content(std::string(4 << 20, 'x'));
  EXPECT_THAT(Shown(*PlanChat(Saying("now"), scene, 50)), ElementsAre("assistant: message 6", "user: now"));
}

TEST(ChatPlanTest, AnswersAgainBesideAnAnswer) {
  ChatScene scene = SceneOf(2);
  scene.target = scene.branch.back();
  scene.branch.pop_back();
  scene.depth = 1;
  pb::ChatRequest request = Saying("");
  request.set_conversation_id("c");
  request.set_regenerate_message_id("2");
  ASSERT_TRUE(JudgeChat(request).ok());
  const ChatPlan plan = *PlanChat(request, scene, 50);
  EXPECT_THAT(plan.said, IsEmpty());
  EXPECT_EQ(plan.parent_id, "1");
  EXPECT_THAT(Shown(plan), ElementsAre("user: message 1"));
  scene.target->set_role(pb::MESSAGE_ROLE_USER);
  EXPECT_THAT(FaultyFields(PlanChat(request, scene, 50).status()), ElementsAre("regenerate_message_id"));
  scene.target.reset();
  EXPECT_EQ(ReasonOf(PlanChat(request, scene, 50).status()), Reason::kNotFound);
}

TEST(ChatPlanTest, GoesOnFromWhatHadComeOfAnAnswer) {
  ChatScene scene = SceneOf(2);
  scene.target = scene.branch.back();
  scene.branch.pop_back();
  pb::ChatRequest request = Saying("");
  request.set_conversation_id("c");
  request.set_continue_message_id("2");
  EXPECT_THAT(FaultyFields(PlanChat(request, scene, 50).status()), ElementsAre("continue_message_id"));
  scene.target->set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  const ChatPlan plan = *PlanChat(request, scene, 50);
  EXPECT_EQ(plan.begins_with, "message 2");
  EXPECT_EQ(plan.continues, "2");
  ASSERT_EQ(plan.shown.size(), 3u);
  EXPECT_EQ(plan.shown[1].content, "message 2");
  scene.target->set_content("");
  EXPECT_THAT(Shown(*PlanChat(request, scene, 50)), ElementsAre("user: message 1"));
}

TEST(ChatPlanTest, FillsATemplateWithVariablesDefaultsAndTheMessage) {
  ChatScene scene;
  scene.prompt_template.emplace();
  scene.prompt_template->set_content("{{greeting}}: {{message}}");
  pb::TemplateVariable& variable = *scene.prompt_template->add_variables();
  variable.set_name("greeting");
  variable.set_default_("Hello");
  pb::ChatRequest request = Saying("world");
  request.set_template_("t");
  EXPECT_EQ(PlanChat(request, scene, 50)->said.at(0).content, "Hello: world");
  (*request.mutable_variables())["greeting"] = "Bye";
  EXPECT_EQ(PlanChat(request, scene, 50)->said.at(0).content, "Bye: world");
  request.clear_message();
  EXPECT_THAT(FaultyFields(PlanChat(request, scene, 50).status()), ElementsAre("variables.message"));
  scene.prompt_template->set_content("Be kind.");
  request.set_message("world");
  EXPECT_EQ(PlanChat(request, scene, 50)->said.at(0).content, "Be kind.\n\nworld");
}

TEST(ChatPlanTest, NamesEveryFaultAtOnce) {
  pb::ChatRequest request = Saying("");
  request.mutable_model()->clear_id();
  request.set_temperature(2.5);
  request.set_max_tokens(4097);
  request.set_top_p(1.1);
  request.set_parent_id("x");
  (*request.mutable_variables())["a"] = "b";
  EXPECT_THAT(FaultyFields(JudgeChat(request)),
              ElementsAre("model.id", "temperature", "max_tokens", "top_p", "conversation_id", "message", "variables"));
  request = Saying("and");
  request.add_messages()->set_role(pb::MESSAGE_ROLE_ASSISTANT);
  EXPECT_THAT(FaultyFields(JudgeChat(request)), ElementsAre("messages", "messages", "messages[0].content"));
  request = Saying("hello");
  request.clear_model();
  EXPECT_THAT(FaultyFields(PlanChat(request, {}, 50).status()), ElementsAre("model"));
}

TEST(ChatPlanTest, CallsAConversationByTheBeginningOfItsFirstMessage) {
  EXPECT_EQ(PlanChat(Saying("\n  one line\nanother"), {}, 50)->title, "one line");
  std::string name;
  for (int i = 0; i < 50; ++i) name += "é";
  const std::string title = PlanChat(Saying(name), {}, 50)->title;
  EXPECT_EQ(title.size(), 80 + std::string("…").size());
}

}  // namespace
}  // namespace ftl::batch_runner
