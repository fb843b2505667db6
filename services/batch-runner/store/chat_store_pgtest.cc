#include "services/batch-runner/store/chat_store.h"

#include <absl/strings/ascii.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "services/batch-runner/store/agent_store.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/uuid.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ChatStoreTest : public testing::Test {
 protected:
  static CallContext Call() { return {"request", "", DeadlineIn(absl::Seconds(5)), "gateway"}; }

  pb::ChatRequest Saying(std::string_view message, std::string_view conversation = "") {
    pb::ChatRequest request;
    request.set_owner(owner_);
    request.mutable_model()->set_service("openai");
    request.mutable_model()->set_id("m");
    if (!message.empty()) request.set_message(std::string(message));
    if (!conversation.empty()) request.set_conversation_id(std::string(conversation));
    return request;
  }
  ChatStore::Found Find(const pb::ChatRequest& request, const Idempotency& idempotency = {}) {
    return *Await(io_, answers_.Find(Call(), request, idempotency, 50));
  }
  struct Begun {
    ChatStore::Beginning beginning;
    pb::Message answer;
    std::vector<std::string> said_ids;
  };
  absl::StatusOr<Begun> Begin(const pb::ChatRequest& request, Idempotency idempotency = {}) {
    ChatStore::Found found = Find(request);
    Begun begun;
    begun.beginning = {.owner = owner_,
                       .project = "default",
                       .conversation_id = found.scene.conversation ? found.scene.conversation->id() : NewUuid(),
                       .before = found.scene.conversation,
                       .answer_id = NewUuid(),
                       .plan = *PlanChat(request, found.scene, 50),
                       .idempotency = std::move(idempotency)};
    begun.answer = ChatStore::AnswerOf(begun.beginning, begun.said_ids);
    const absl::Status stored = Await(io_, answers_.Begin(Call(), begun.beginning, begun.answer, begun.said_ids));
    if (!stored.ok()) return stored;
    return begun;
  }
  Begun Answered(const pb::ChatRequest& request, std::string_view text) {
    Begun begun = *Begin(request);
    begun.answer.set_status(pb::MESSAGE_STATUS_COMPLETE);
    begun.answer.set_content(std::string(text));
    begun.answer.set_finish_reason("stop");
    EXPECT_TRUE(Await(io_, answers_.Finish(Later(), owner_, begun.answer)).ok());
    return begun;
  }
  ConversationStore::View Look(const std::string& conversation) {
    return *Await(io_, conversations_.Look(Call(), owner_, conversation, 0, 50));
  }
  static Deadline Later() { return DeadlineIn(absl::Seconds(5)); }

  asio::io_context io_;
  TestDatabase database_;
  Database runner_{io_.get_executor(), database_.As("ftl_batch_runner")};
  SharedCommits growing_{io_.get_executor(), database_.As("ftl_batch_runner"), runner_};
  ConversationStore conversations_{runner_, runner_};
  ChatStore answers_{runner_, growing_};
  const std::string owner_ = std::string(64, 'e');
};

TEST_F(ChatStoreTest, StoresWhatIsSaidAndTheAnswersPlaceAndThenTheAnswer) {
  const Begun begun = *Begin(Saying("Hello"));
  const std::string& id = begun.beginning.conversation_id;
  auto view = Look(id);
  ASSERT_THAT(view.messages, SizeIs(2));
  EXPECT_EQ(view.conversation.title(), "Hello");
  EXPECT_EQ(view.conversation.active_message_id(), begun.answer.id());
  EXPECT_EQ(view.messages[1].status(), pb::MESSAGE_STATUS_GENERATING);
  EXPECT_EQ(view.messages[1].parent_id(), view.messages[0].id());
  const auto standing = Await(io_, answers_.Keep(Later(), owner_, begun.answer.id(), "so far", "thought"));
  EXPECT_TRUE(standing->is_there);
  EXPECT_FALSE(standing->is_to_stop);
  EXPECT_EQ(Look(id).messages[1].content(), "so far");
  EXPECT_EQ(Await(io_, answers_.Get(Call(), owner_, begun.answer.id()))->message.reasoning(), "thought");
  pb::Message answer = begun.answer;
  answer.set_status(pb::MESSAGE_STATUS_COMPLETE);
  answer.set_content("all of it");
  answer.set_finish_reason("stop");
  answer.mutable_latency()->set_seconds(2);
  answer.set_output_tokens(3);
  answer.set_cost(0.25);
  answer.add_tool_calls()->set_name("tool");
  ASSERT_TRUE(Await(io_, answers_.Finish(Later(), owner_, answer)).ok());
  view = Look(id);
  EXPECT_EQ(view.messages[1].content(), "all of it");
  EXPECT_EQ(view.messages[1].latency().seconds(), 2);
  EXPECT_EQ(view.messages[1].cost(), 0.25);
  EXPECT_EQ(view.messages[1].tool_calls(0).name(), "tool");
  EXPECT_FALSE(view.messages[1].has_ttft());
  EXPECT_FALSE(Await(io_, answers_.Keep(Later(), owner_, begun.answer.id(), "late", ""))->is_there);
}

TEST_F(ChatStoreTest, FindsTheBranchThatGoesOn) {
  const Begun first = Answered(Saying("one"), "1");
  const std::string& id = first.beginning.conversation_id;
  const Begun second = Answered(Saying("two", id), "2");
  const auto contents = [](const ChatStore::Found& found) {
    std::vector<std::string> all;
    for (const pb::Message& message : found.scene.branch) all.push_back(message.content());
    return all;
  };
  EXPECT_THAT(contents(Find(Saying("three", id))), ElementsAre("one", "1", "two", "2"));
  EXPECT_EQ(Find(Saying("three", id)).scene.depth, 4);
  pb::ChatRequest again = Saying("", id);
  again.set_regenerate_message_id(second.answer.id());
  EXPECT_THAT(contents(Find(again)), ElementsAre("one", "1", "two"));
  const Begun beside = Answered(again, "2, otherwise");
  EXPECT_THAT(contents(Find(Saying("three", id))), ElementsAre("one", "1", "two", "2, otherwise"));
  pb::ChatRequest edit = Saying("one, otherwise", id);
  edit.set_edit_message_id(first.said_ids.at(0));
  EXPECT_THAT(contents(Find(edit)), IsEmpty());
  const Begun root = Answered(edit, "1, otherwise");
  EXPECT_FALSE(Look(id).messages.at(5).has_parent_id());
  pb::ChatRequest follow = Saying("after two", id);
  follow.set_parent_id(second.answer.id());
  EXPECT_THAT(contents(Find(follow)), ElementsAre("one", "1", "two", "2"));
  EXPECT_EQ(Await(io_, answers_.Find(Call(), follow, {}, 2))->scene.branch.size(), 2u) << "the newest two";
  follow.set_parent_id("no message");
  EXPECT_FALSE(Find(follow).scene.target);
}

TEST_F(ChatStoreTest, MeetsARepeatWithItsAnswer) {
  const Begun begun = *Begin(Saying("once"), {"key", "digest"});
  EXPECT_EQ(Find(Saying("once"), {"key", "digest"}).repeated, begun.answer.id());
  EXPECT_EQ(ReasonOf(Await(io_, answers_.Find(Call(), Saying("other"), {"key", "else"}, 50)).status()),
            Reason::kIdempotencyKeyReused);
  EXPECT_EQ(ReasonOf(Begin(Saying("once"), {"key", "digest"}).status()), Reason::kConflict);
}

TEST_F(ChatStoreTest, TakesBackWhatWasNeverAskedForUnlessOthersFollowed) {
  const Begun fresh = *Begin(Saying("nobody hears"));
  EXPECT_TRUE(*Await(io_, answers_.TakeBack(Later(), fresh.beginning, fresh.said_ids)));
  EXPECT_EQ(ReasonOf(Await(io_, conversations_.Look(Call(), owner_, fresh.beginning.conversation_id, 0, 50)).status()),
            Reason::kNotFound);
  const Begun first = Answered(Saying("one"), "1");
  const std::string& id = first.beginning.conversation_id;
  const Begun second = *Begin(Saying("two", id));
  EXPECT_TRUE(*Await(io_, answers_.TakeBack(Later(), second.beginning, second.said_ids)));
  EXPECT_THAT(Look(id).messages, SizeIs(2));
  EXPECT_EQ(Look(id).conversation.active_message_id(), first.answer.id());
  const Begun third = *Begin(Saying("three", id));
  Answered(Saying("four", id), "4");
  EXPECT_FALSE(*Await(io_, answers_.TakeBack(Later(), third.beginning, third.said_ids)));
  EXPECT_THAT(Look(id).messages, SizeIs(6));
}

TEST_F(ChatStoreTest, LeavesAConversationAsItWasWhereARequestIsTakenBack) {
  const Begun first = Answered(Saying("one"), "1");
  const std::string& id = first.beginning.conversation_id;
  Answered(Saying("two", id), "2");
  const pb::Conversation before = Look(id).conversation;
  pb::ChatRequest again = Saying("", id);
  again.set_regenerate_message_id(first.answer.id());
  pb::ChatRequest edit = Saying("one, otherwise", id);
  edit.set_edit_message_id(first.said_ids.at(0));
  pb::ChatRequest with_another_model = Saying("three", id);
  with_another_model.mutable_model()->set_id("another");
  for (const pb::ChatRequest& request : {again, edit, with_another_model}) {
    const Begun refused = *Begin(request);
    EXPECT_TRUE(*Await(io_, answers_.TakeBack(Later(), refused.beginning, refused.said_ids)));
    EXPECT_EQ(Look(id).conversation.SerializeAsString(), before.SerializeAsString()) << request.ShortDebugString();
  }
  const Begun renamed = *Begin(with_another_model);
  database_.Execute("UPDATE conversations SET title = 'Numbers'");
  EXPECT_TRUE(*Await(io_, answers_.TakeBack(Later(), renamed.beginning, renamed.said_ids)));
  EXPECT_EQ(Look(id).conversation.title(), "Numbers");
}

TEST_F(ChatStoreTest, LeavesAnEmptyConversationWithoutTitleAndModelWhereItsFirstRequestIsTakenBack) {
  pb::CreateConversationRequest empty;
  empty.set_owner(owner_);
  const pb::Conversation before = *Await(io_, conversations_.Create(Call(), empty, {}));
  const Begun refused = *Begin(Saying("one", before.id()));
  EXPECT_EQ(Look(before.id()).conversation.title(), "one");
  EXPECT_TRUE(*Await(io_, answers_.TakeBack(Later(), refused.beginning, refused.said_ids)));
  EXPECT_EQ(Look(before.id()).conversation.SerializeAsString(), before.SerializeAsString());
}

TEST_F(ChatStoreTest, FindsAnAgentByItsIdElseByItsNameAndOnlyWhereAsked) {
  AgentStore agents(runner_);
  pb::CreateAgentRequest create;
  create.set_owner(owner_);
  create.set_name("first");
  const pb::Agent first = *Await(io_, agents.Create(Call(), create, {}));
  create.set_name(first.id());
  const pb::Agent namesake = *Await(io_, agents.Create(Call(), create, {}));
  const auto found = [&](const std::string& agent) {
    pb::ChatRequest request = Saying("Hello");
    request.set_agent(agent);
    const std::optional<pb::Agent> agent_there = Find(request).scene.agent;
    return agent_there ? agent_there->id() : "";
  };
  EXPECT_EQ(found("first"), first.id());
  EXPECT_EQ(found(first.id()), first.id()) << "an id goes before a name";
  EXPECT_EQ(found(absl::AsciiStrToUpper(namesake.id())), namesake.id());
  EXPECT_EQ(found("second"), "");
  EXPECT_FALSE(Find(Saying("Hello")).scene.agent);
}

TEST_F(ChatStoreTest, TakesTheEndOfAnAnswerThatWasGivenUpAndNoLaterOne) {
  Begun begun = *Begin(Saying("Hello"));
  const std::string& id = begun.beginning.conversation_id;
  database_.Execute("UPDATE message_drafts SET content = 'half', beat_at = now() - interval '16 seconds'");
  EXPECT_EQ(Look(id).messages[1].status(), pb::MESSAGE_STATUS_INCOMPLETE);
  begun.answer.set_status(pb::MESSAGE_STATUS_COMPLETE);
  begun.answer.set_content("half and half");
  ASSERT_TRUE(Await(io_, answers_.Finish(Later(), owner_, begun.answer)).ok());
  EXPECT_EQ(Look(id).messages[1].content(), "half and half");
  EXPECT_FALSE(Look(id).messages[1].has_error());
  begun.answer.set_content("again");
  ASSERT_TRUE(Await(io_, answers_.Finish(Later(), owner_, begun.answer)).ok());
  EXPECT_EQ(Look(id).messages[1].content(), "half and half");
}

TEST_F(ChatStoreTest, TellsTheProcessThatReceivesAnAnswerToStop) {
  const Begun begun = *Begin(Saying("Hello"));
  ASSERT_TRUE(Await(io_, answers_.AskToStop(Call(), owner_, begun.answer.id())).ok());
  EXPECT_TRUE(Await(io_, answers_.Keep(Later(), owner_, begun.answer.id(), "", ""))->is_to_stop);
}

TEST_F(ChatStoreTest, ShowsNobodyElseAnAnswer) {
  const Begun begun = *Begin(Saying("secret"));
  for (const std::string& stranger : {std::string(64, 'f'), database_.AddSession('a')}) {
    EXPECT_EQ(ReasonOf(Await(io_, answers_.Get(Call(), stranger, begun.answer.id())).status()), Reason::kNotFound);
    pb::ChatRequest request = Saying("x", begun.beginning.conversation_id);
    request.set_owner(stranger);
    EXPECT_FALSE(Find(request).scene.conversation);
    EXPECT_THAT(Find(request).scene.branch, IsEmpty());
    EXPECT_FALSE(Await(io_, answers_.Keep(Later(), stranger, begun.answer.id(), "x", ""))->is_there);
    EXPECT_TRUE(Await(io_, answers_.AskToStop(Call(), stranger, begun.answer.id())).ok());
  }
  EXPECT_FALSE(Await(io_, answers_.Keep(Later(), owner_, begun.answer.id(), "", ""))->is_to_stop);
}

TEST_F(ChatStoreTest, TakesNoMoreMessagesThanAConversationMayHave) {
  const Begun first = Answered(Saying("one"), "1");
  const std::string& id = first.beginning.conversation_id;
  database_.Execute("UPDATE conversations SET message_count = 9999");
  EXPECT_EQ(ReasonOf(Begin(Saying("two", id)).status()), Reason::kConflict);
  EXPECT_EQ(Look(id).conversation.message_count(), 9999);
}

}  // namespace
}  // namespace ftl::batch_runner
