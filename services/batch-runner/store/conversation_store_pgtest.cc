#include "services/batch-runner/store/conversation_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/agent_store.h"
#include "services/batch-runner/store/template_store.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ConversationStoreTest : public testing::Test {
 protected:
  static CallContext Call() { return {"request", "", DeadlineIn(absl::Seconds(5)), "gateway"}; }

  pb::Conversation Make(std::string_view title, std::string_view project = "default") {
    pb::CreateConversationRequest request;
    request.set_owner(owner_);
    request.set_title(std::string(title));
    request.set_project(std::string(project));
    return *Await(io_, conversations_.Create(Call(), request, {}));
  }
  // Adds a message that is the next of its conversation, and says whether it is under way.
  void Say(const std::string& conversation, int sequence, std::string_view content, bool is_under_way = false) {
    database_.Execute(fmt::format(R"(
      UPDATE conversations SET message_count = {1}, updated_at = now() WHERE id = '{0}';
      INSERT INTO messages (owner, conversation_id, id, sequence, depth, role, content, status)
      VALUES ('{4}', '{0}', md5('{0}{1}')::uuid, {1}, 1, 'user', '{2}', '{3}'))",
                                  conversation, sequence, content, is_under_way ? "generating" : "complete", owner_));
  }
  std::vector<std::string> TitlesWith(std::vector<std::string> words) {
    auto page = *Await(io_, conversations_.List(Call(), owner_, "default", std::move(words), {}, 50));
    std::vector<std::string> titles;
    for (const pb::Conversation& each : page.conversations) titles.push_back(each.title());
    return titles;
  }

  asio::io_context io_;
  TestDatabase database_;
  Database runner_{io_.get_executor(), database_.As("ftl_batch_runner")};
  ConversationStore conversations_{runner_, runner_};
  AgentStore agents_{runner_};
  TemplateStore templates_{runner_};
  const std::string owner_ = std::string(64, 'e');
  const std::string other_ = std::string(64, 'f');
};

TEST_F(ConversationStoreTest, GivesBackWhatWasStoredAndChangesWhatIsGiven) {
  pb::CreateConversationRequest request;
  request.set_owner(owner_);
  request.set_title("Capitals");
  request.mutable_model()->set_service("openai");
  request.mutable_model()->set_id("m");
  request.set_system_prompt("Be short.");
  request.mutable_parameters()->set_temperature(0.25);
  const pb::Conversation made = *Await(io_, conversations_.Create(Call(), request, {}));
  EXPECT_EQ(made.project(), "default");
  EXPECT_EQ(made.model().id(), "m");
  EXPECT_FALSE(made.model().has_name());
  EXPECT_EQ(made.parameters().temperature(), 0.25);
  pb::UpdateConversationRequest change;
  change.set_owner(owner_);
  change.set_id(made.id());
  change.set_pinned(true);
  change.set_system_prompt("");
  const pb::Conversation changed = *Await(io_, conversations_.Update(Call(), change));
  EXPECT_TRUE(changed.pinned());
  EXPECT_FALSE(changed.has_system_prompt());
  EXPECT_EQ(changed.title(), "Capitals");
  change.set_active_message_id(made.id());
  EXPECT_EQ(ReasonOf(Await(io_, conversations_.Update(Call(), change)).status()), Reason::kInvalidField);
}

TEST_F(ConversationStoreTest, MeetsARepeatWithWhatItMadeAndRefusesAnotherBody) {
  pb::CreateConversationRequest request;
  request.set_owner(owner_);
  const auto first = Await(io_, conversations_.Create(Call(), request, {"key", "digest"}));
  const auto again = Await(io_, conversations_.Create(Call(), request, {"key", "digest"}));
  EXPECT_EQ(first->id(), again->id());
  EXPECT_EQ(ReasonOf(Await(io_, conversations_.Create(Call(), request, {"key", "other"})).status()),
            Reason::kIdempotencyKeyReused);
}

TEST_F(ConversationStoreTest, ListsTheNewestFirstPageByPage) {
  for (int i = 0; i < 5; ++i) Make(std::to_string(i));
  Make("elsewhere", "other");
  std::vector<std::string> titles;
  std::optional<ConversationStore::Place> place;
  for (bool more = true; more;) {
    auto page = *Await(io_, conversations_.List(Call(), owner_, "default", {}, place, 2));
    EXPECT_EQ(page.total, 5);
    for (const pb::Conversation& each : page.conversations) titles.push_back(each.title());
    place = {FromProto(page.conversations.back().updated_at()), page.conversations.back().id()};
    more = page.more;
  }
  EXPECT_THAT(titles, ElementsAre("4", "3", "2", "1", "0"));
}

TEST_F(ConversationStoreTest, FindsConversationsInWhichAllWordsStand) {
  Say(Make("Towns").id(), 1, "What is the Capital of France? 100% sure");
  Say(Make("France").id(), 1, "wine");
  Make("nothing");
  EXPECT_THAT(TitlesWith({"capital"}), ElementsAre("Towns"));
  EXPECT_THAT(TitlesWith({"FRANCE"}), ElementsAre("France", "Towns"));
  EXPECT_THAT(TitlesWith({"france", "wine"}), ElementsAre("France"));
  EXPECT_THAT(TitlesWith({"100%"}), ElementsAre("Towns"));
  EXPECT_THAT(TitlesWith({"1_0"}), IsEmpty()) << "no character stands for others";
  EXPECT_THAT(TitlesWith({"apital", "ran"}), ElementsAre("Towns"));
}

TEST_F(ConversationStoreTest, EndsAPageAtItsBytesBeforeItsMessages) {
  const std::string id = Make("long").id();
  for (int i = 1; i <= 3; ++i) Say(id, i, std::string(700'000, 'x'));
  const auto first = *Await(io_, conversations_.Look(Call(), owner_, id, 0, 50));
  EXPECT_THAT(first.messages, SizeIs(2));
  const auto second = *Await(io_, conversations_.Look(Call(), owner_, id, first.last_sequence, 50));
  EXPECT_THAT(second.messages, SizeIs(1));
  EXPECT_EQ(second.last_sequence, 3);
}

TEST_F(ConversationStoreTest, KeepsWhatHadComeOfAnAnswerWhoseProcessIsGone) {
  const std::string id = Make("cut").id();
  Say(id, 1, "", /*is_under_way=*/true);
  database_.Execute(fmt::format(R"(INSERT INTO message_drafts (owner, message_id, content)
    SELECT owner, id, 'half an ans' FROM messages WHERE conversation_id = '{}')",
                                id));
  auto view = *Await(io_, conversations_.Look(Call(), owner_, id, 0, 50));
  EXPECT_EQ(view.messages.at(0).content(), "half an ans");
  EXPECT_EQ(view.messages.at(0).status(), pb::MESSAGE_STATUS_GENERATING);
  database_.Execute("UPDATE message_drafts SET beat_at = now() - interval '16 seconds'");
  view = *Await(io_, conversations_.Look(Call(), owner_, id, 0, 50));
  EXPECT_EQ(view.messages.at(0).content(), "half an ans");
  EXPECT_EQ(view.messages.at(0).status(), pb::MESSAGE_STATUS_INCOMPLETE);
  EXPECT_NE(view.messages.at(0).error(), "");
}

TEST_F(ConversationStoreTest, ImportsAConversationOnce) {
  const ForeignFile file =
      ReadForeignConversations("x.json", R"({"id":"o","title":"T","chat":{"history":{"currentId":"b","messages":{
    "a":{"parentId":null,"role":"user","content":"q","timestamp":1714979280},
    "b":{"parentId":"a","role":"assistant","content":"one"}, "c":{"parentId":"a","role":"assistant","content":"two"}}}}})");
  const auto import = [&](bool dry_run) {
    return *Await(io_, conversations_.Import(Call(), owner_, "default", file.conversations.at(0), dry_run));
  };
  EXPECT_EQ(import(/*dry_run=*/true), "");
  EXPECT_THAT(TitlesWith({}), IsEmpty());
  const auto id = import(/*dry_run=*/false);
  ASSERT_TRUE(id);
  EXPECT_FALSE(import(/*dry_run=*/false));
  EXPECT_FALSE(import(/*dry_run=*/true));
  const auto view = *Await(io_, conversations_.Look(Call(), owner_, *id, 0, 50));
  ASSERT_THAT(view.messages, SizeIs(3));
  EXPECT_EQ(view.conversation.message_count(), 3);
  EXPECT_EQ(view.conversation.active_message_id(), view.messages[1].id());
  EXPECT_EQ(view.messages[2].parent_id(), view.messages[0].id());
  EXPECT_EQ(view.conversation.created_at().seconds(), 1714979280);
  EXPECT_THAT(TitlesWith({"two"}), ElementsAre("T"));
}

TEST_F(ConversationStoreTest, ShowsNobodyElseWhatAnOwnerHas) {
  const std::string conversation = Make("mine").id();
  Say(conversation, 1, "secret words");
  pb::CreateAgentRequest agent;
  agent.set_owner(owner_);
  agent.set_name("a");
  const std::string agent_id = Await(io_, agents_.Create(Call(), agent, {}))->id();
  ASSERT_TRUE(Await(io_, agents_.PutState(Call(), owner_, agent_id, "{}", {})).ok());
  pb::CreateTemplateRequest text;
  text.set_owner(owner_);
  text.set_name("t");
  text.set_content("x");
  const std::string template_id = Await(io_, templates_.Create(Call(), text, {}))->id();
  // A session of the demo tier names its hash where an owner would stand.
  for (const std::string& stranger : {other_, database_.AddSession('a')}) {
    EXPECT_THAT(Await(io_, conversations_.List(Call(), stranger, "default", {}, {}, 50))->conversations, IsEmpty());
    EXPECT_EQ(Await(io_, conversations_.List(Call(), stranger, "default", {"secret"}, {}, 50))->total, 0);
    EXPECT_EQ(ReasonOf(Await(io_, conversations_.Look(Call(), stranger, conversation, 0, 50)).status()),
              Reason::kNotFound);
    EXPECT_FALSE(*Await(io_, conversations_.Delete(Call(), stranger, conversation)));
    EXPECT_EQ(ReasonOf(Await(io_, agents_.Get(Call(), stranger, agent_id)).status()), Reason::kNotFound);
    EXPECT_EQ(ReasonOf(Await(io_, agents_.GetState(Call(), stranger, agent_id)).status()), Reason::kNotFound);
    EXPECT_EQ(ReasonOf(Await(io_, agents_.PutState(Call(), stranger, agent_id, "{}", {})).status()), Reason::kNotFound);
    EXPECT_FALSE(*Await(io_, agents_.Delete(Call(), stranger, agent_id)));
    EXPECT_EQ(ReasonOf(Await(io_, templates_.Get(Call(), stranger, template_id, 0)).status()), Reason::kNotFound);
    EXPECT_FALSE(*Await(io_, templates_.Delete(Call(), stranger, template_id)));
  }
  EXPECT_TRUE(*Await(io_, conversations_.Delete(Call(), owner_, conversation)));
  EXPECT_FALSE(*Await(io_, conversations_.Delete(Call(), owner_, conversation)));
}

TEST_F(ConversationStoreTest, KeepsAStateOfAnAgentAndRefusesWhoKnowsAnOlderOne) {
  pb::CreateAgentRequest request;
  request.set_owner(owner_);
  request.set_name("a");
  const std::string id = Await(io_, agents_.Create(Call(), request, {}))->id();
  EXPECT_EQ(ReasonOf(Await(io_, agents_.Create(Call(), request, {})).status()), Reason::kConflict);
  EXPECT_EQ(ReasonOf(Await(io_, agents_.GetState(Call(), owner_, id)).status()), Reason::kNotFound);
  const AgentStore::Known any;
  const AgentStore::Known some{.any = false, .exists = true};
  const auto version = [](int64_t of) { return AgentStore::Known{.any = false, .version = of}; };
  EXPECT_EQ(ReasonOf(Await(io_, agents_.PutState(Call(), owner_, id, "1", some)).status()), Reason::kConflict);
  EXPECT_EQ(Await(io_, agents_.PutState(Call(), owner_, id, R"({"b":1, "a":1.0})", any))->version(), 1);
  EXPECT_EQ(Await(io_, agents_.GetState(Call(), owner_, id))->state(), R"({"b":1, "a":1.0})");
  EXPECT_EQ(Await(io_, agents_.PutState(Call(), owner_, id, "2", version(1)))->version(), 2);
  EXPECT_EQ(ReasonOf(Await(io_, agents_.PutState(Call(), owner_, id, "3", version(1))).status()), Reason::kConflict);
  EXPECT_EQ(ReasonOf(Await(io_, agents_.DeleteState(Call(), owner_, id, version(1))).status()), Reason::kConflict);
  EXPECT_EQ(Await(io_, agents_.PutState(Call(), owner_, id, "3", some))->version(), 3);
  EXPECT_TRUE(*Await(io_, agents_.DeleteState(Call(), owner_, id, version(3))));
  EXPECT_FALSE(*Await(io_, agents_.DeleteState(Call(), owner_, id, any)));
}

TEST_F(ConversationStoreTest, KeepsTheVersionsOfATemplate) {
  pb::CreateTemplateRequest request;
  request.set_owner(owner_);
  request.set_name("t");
  request.set_content("{{a}} and {{b}}");
  (*request.mutable_defaults())["b"] = "\"quoted\"";
  const pb::PromptTemplate made = *Await(io_, templates_.Create(Call(), request, {"key", "digest"}));
  EXPECT_EQ(Await(io_, templates_.Create(Call(), request, {"key", "digest"}))->id(), made.id());
  ASSERT_EQ(made.variables_size(), 2);
  EXPECT_FALSE(made.variables(0).has_default_());
  EXPECT_EQ(made.variables(1).default_(), "\"quoted\"");
  pb::UpdateTemplateRequest change;
  change.set_owner(owner_);
  change.set_id(made.id());
  change.set_name("renamed");
  EXPECT_EQ(Await(io_, templates_.Update(Call(), change))->version(), 1) << "the text is the same";
  change.set_content("{{a}}");
  EXPECT_EQ(Await(io_, templates_.Update(Call(), change))->version(), 2);
  EXPECT_EQ(Await(io_, templates_.Update(Call(), change))->version(), 2);
  const auto first = *Await(io_, templates_.Get(Call(), owner_, made.id(), 1));
  EXPECT_EQ(first.prompt_template.content(), "{{a}} and {{b}}");
  EXPECT_EQ(first.prompt_template.name(), "renamed");
  EXPECT_EQ(first.latest_version, 2);
  EXPECT_EQ(ReasonOf(Await(io_, templates_.Get(Call(), owner_, made.id(), 3)).status()), Reason::kNotFound);
  EXPECT_THAT(Await(io_, templates_.List(Call(), owner_, "default", "", 50))->templates, SizeIs(1));
}

}  // namespace
}  // namespace ftl::batch_runner
