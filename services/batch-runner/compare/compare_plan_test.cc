#include "services/batch-runner/compare/compare_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

pb::CompareRequest Asking(int models) {
  pb::CompareRequest request;
  for (int i = 0; i < models; ++i) {
    pb::ModelChoice& model = *request.add_models();
    model.set_service("openai");
    model.set_id("model " + std::to_string(i));
  }
  request.set_message("Hello");
  return request;
}

std::vector<std::string> FaultyFields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(status)) fields.push_back(fault.field);
  return fields;
}

std::vector<std::string> Shown(const ComparePlan& plan) {
  std::vector<std::string> shown;
  for (const ChatMessage& message : plan.shown) shown.push_back(message.role + ": " + message.content);
  return shown;
}

TEST(ComparePlanTest, HasAPlaceForEachAnswer) {
  pb::CompareRequest request = Asking(3);
  request.set_repeat(2);
  const ComparePlan plan = *PlanCompare(request, {}, 50);
  EXPECT_EQ(plan.comparison.columns(), 3);
  ASSERT_EQ(plan.comparison.answers_size(), 6);
  for (int slot = 0; slot < 6; ++slot) {
    EXPECT_EQ(plan.comparison.answers(slot).index(), slot / 2);
    EXPECT_EQ(plan.comparison.answers(slot).repetition(), slot % 2 + 1);
    EXPECT_EQ(plan.comparison.answers(slot).status(), pb::MESSAGE_STATUS_GENERATING);
  }
  EXPECT_EQ(plan.comparison.project(), "default");
  EXPECT_EQ(plan.comparison.prompt_preview(), "Hello");
  EXPECT_EQ(plan.comparison.parameters().max_tokens(), 512);
  EXPECT_THAT(Shown(plan), ElementsAre("user: Hello"));
}

TEST(ComparePlanTest, TellsEveryFaultAtOnce) {
  EXPECT_THAT(FaultyFields(JudgeCompare(Asking(1))), ElementsAre("models"));
  EXPECT_THAT(FaultyFields(JudgeCompare(Asking(5))), ElementsAre("models"));
  pb::CompareRequest request = Asking(2);
  request.mutable_models(1)->clear_id();
  request.set_repeat(11);
  request.set_temperature(3);
  request.clear_message();
  request.set_parent_id("m");
  EXPECT_THAT(FaultyFields(JudgeCompare(request)),
              UnorderedElementsAre("models[1].id", "repeat", "temperature", "message", "conversation_id"));
  EXPECT_TRUE(JudgeCompare(Asking(2)).ok());
}

TEST(ComparePlanTest, AsksWithinAConversationAsAnAgentDoes) {
  ChatScene scene;
  scene.conversation.emplace();
  scene.conversation->set_project("trips");
  scene.conversation->mutable_model()->set_id("of the conversation");
  scene.conversation->mutable_parameters()->set_max_tokens(11);
  pb::Message& before = scene.branch.emplace_back();
  before.set_role(pb::MESSAGE_ROLE_ASSISTANT);
  before.set_content("Where to?");
  scene.depth = 1;
  scene.agent.emplace();
  scene.agent->set_system_prompt("Be brief.");
  pb::CompareRequest request = Asking(2);
  request.set_conversation_id("c");
  request.set_agent("guide");
  const ComparePlan plan = *PlanCompare(request, scene, 50);
  EXPECT_THAT(Shown(plan), ElementsAre("system: Be brief.", "assistant: Where to?", "user: Hello"));
  EXPECT_EQ(plan.comparison.project(), "trips");
  EXPECT_EQ(plan.comparison.parameters().max_tokens(), 11);
  EXPECT_EQ(plan.comparison.models(0).id(), "model 0") << "models are the request's";
  request.set_project("own");
  EXPECT_EQ(PlanCompare(request, scene, 50)->comparison.project(), "own");
}

TEST(ComparePlanTest, RefusesWhatIsNamedAndNotThere) {
  pb::CompareRequest within = Asking(2);
  within.set_conversation_id("nobody");
  pb::CompareRequest by = Asking(2);
  by.set_agent("nobody");
  pb::CompareRequest after = Asking(2);
  after.set_template_("nothing");
  for (const pb::CompareRequest& request : {within, by, after}) {
    EXPECT_EQ(ReasonOf(PlanCompare(request, {}, 50).status()), Reason::kNotFound);
  }
}

}  // namespace
}  // namespace ftl::batch_runner
