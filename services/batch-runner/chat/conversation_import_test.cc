#include "services/batch-runner/chat/conversation_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Each message as `role < parent: content`, the active one with a star.
std::vector<std::string> Told(const ForeignConversation& conversation) {
  std::vector<std::string> told;
  for (size_t i = 0; i < conversation.messages.size(); ++i) {
    const ForeignMessage& message = conversation.messages[i];
    std::string line = message.role == pb::MESSAGE_ROLE_USER        ? "user"
                       : message.role == pb::MESSAGE_ROLE_ASSISTANT ? "assistant"
                                                                    : "system";
    if (message.parent) line += " < " + std::to_string(*message.parent);
    told.push_back(line + ": " + message.content + (i == conversation.active ? " *" : ""));
  }
  return told;
}

ForeignConversation One(std::string_view text) {
  const ForeignFile file = ReadForeignConversations("chat.json", text);
  EXPECT_THAT(file.faults, IsEmpty());
  EXPECT_THAT(file.conversations, SizeIs(1));
  return file.conversations.empty() ? ForeignConversation() : file.conversations.front();
}

TEST(ConversationImportTest, ReadsAListOfMessages) {
  const ForeignConversation read = One(R"([
    {"role":"system","content":"Be short."},
    {"role":"user","content":"Hello\nthere","timestamp":"2024-05-06T07:08:09Z"},
    {"role":"assistant","content":[{"type":"text","text":"Hi"},{"type":"image_url"}],"timestamp":1714979290.5},
    {"role":"tool","content":"42"}])");
  EXPECT_THAT(Told(read), ElementsAre("system: Be short.", "user < 0: Hello\nthere", "assistant < 1: Hi *"));
  EXPECT_EQ(read.title, "Hello");
  EXPECT_EQ(read.origin, "file chat.json");
  EXPECT_EQ(read.left_out, 2);
  EXPECT_EQ(absl::FormatTime(*read.messages[1].created_at, absl::UTCTimeZone()), "2024-05-06T07:08:09+00:00");
  EXPECT_TRUE(read.messages[2].created_at);
}

TEST(ConversationImportTest, ReadsAnObjectThatHoldsTheMessages) {
  const char* const texts[] = {R"({"id":"7","title":"T","messages":[{"role":"human","content":"a"}]})",
                               R"({"id":"7","title":"T","history":[{"role":"user","content":"a"}]})"};
  for (const char* text : texts) {
    const ForeignConversation read = One(text);
    EXPECT_THAT(Told(read), ElementsAre("user: a *"));
    EXPECT_EQ(read.title, "T");
    EXPECT_EQ(read.origin, "file 7");
  }
}

TEST(ConversationImportTest, ReadsOpenWebUisTree) {
  const ForeignConversation read =
      One(R"([{"id":"o1","title":"Towns","chat":{"title":"inner","history":{"currentId":"c","messages":{
    "a":{"id":"a","parentId":null,"childrenIds":["b","c"],"role":"user","content":"q","timestamp":1714979280},
    "b":{"id":"b","parentId":"a","role":"assistant","content":"first"},
    "c":{"id":"c","parentId":"a","role":"assistant","content":"second"},
    "d":{"id":"d","parentId":"b","role":"user","content":"more"}}}}}])");
  EXPECT_THAT(Told(read), ElementsAre("user: q", "assistant < 0: first", "assistant < 0: second *", "user < 1: more"));
  EXPECT_EQ(read.title, "Towns");
  EXPECT_EQ(read.origin, "open-webui o1");
}

TEST(ConversationImportTest, ReadsChatGptsTreeWhoseNodesMayHoldNothing) {
  const ForeignFile file = ReadForeignConversations("conversations.json", R"([
    {"title":"Trip","conversation_id":"g1","current_node":"n4","mapping":{
      "n4":{"id":"n4","parent":"n3","message":{"author":{"role":"assistant"},"create_time":1714979290.1,"content":{"content_type":"text","parts":["Go ","there"]}}},
      "root":{"id":"root","parent":null,"message":null},
      "n1":{"id":"n1","parent":"root","message":{"author":{"role":"system"},"content":{"content_type":"text","parts":[""]}}},
      "n2":{"id":"n2","parent":"n1","message":{"author":{"role":"user"},"content":{"content_type":"multimodal_text","parts":[{"asset":"x"},"Where?"]}}},
      "n3":{"id":"n3","parent":"n2","message":{"author":{"role":"tool"},"content":{"content_type":"text","parts":["found"]}}}}},
    {"title":"Empty","id":"g2","mapping":{"root":{"id":"root","parent":null}}}])");
  ASSERT_THAT(file.conversations, SizeIs(1));
  EXPECT_THAT(Told(file.conversations[0]), ElementsAre("user: Where?", "assistant < 0: Go \n\nthere *"));
  EXPECT_EQ(file.conversations[0].origin, "chatgpt g1");
  EXPECT_EQ(file.conversations[0].left_out, 2);
  EXPECT_THAT(file.faults, ElementsAre("Conversation 2 has no message with text."));
}

TEST(ConversationImportTest, SaysWhatIsWrongWithAFile) {
  const auto fault = [](std::string_view text) {
    const ForeignFile file = ReadForeignConversations("x.json", text);
    EXPECT_THAT(file.conversations, IsEmpty()) << text;
    return file.faults.empty() ? "" : file.faults.front();
  };
  EXPECT_THAT(fault("{\"a\":"), HasSubstr("line 1"));
  EXPECT_THAT(fault("17"), HasSubstr("no conversation"));
  EXPECT_THAT(fault("[]"), HasSubstr("no conversation"));
  EXPECT_THAT(fault("{}"), HasSubstr("`messages`"));
  EXPECT_THAT(fault(R"([{"role":"wizard","content":"a"}])"), HasSubstr("message 1"));
  EXPECT_THAT(fault(R"([{"role":"user"}])"), HasSubstr("without content"));
  EXPECT_THAT(fault(R"({"mapping":{"a":{"parent":"b"},"b":{"parent":"a"}}})"), HasSubstr("its own parent"));
  EXPECT_THAT(fault(R"([{"role":"user","content":")" + std::string((1 << 20) + 1, 'x') + "\"}]"), HasSubstr("1 MiB"));
}

TEST(ConversationImportTest, ReadsEachOfManyAndKeepsNoneOutForAnother) {
  const ForeignFile file = ReadForeignConversations(
      "all.json", R"([{"messages":[{"role":"user","content":"a"}]}, 5, {"messages":[{"role":"user","content":"b"}]}])");
  ASSERT_THAT(file.conversations, SizeIs(2));
  EXPECT_EQ(file.conversations[0].origin, "file all.json 1");
  EXPECT_EQ(file.conversations[1].origin, "file all.json 3");
  EXPECT_THAT(file.faults, ElementsAre("Conversation 2 is no object."));
}

TEST(ConversationImportTest, LeavesOutOfAnExportWhatIsTooMuchAndReadsTheOthers) {
  const std::string good = R"({"messages":[{"role":"user","content":"a ] \" , { b"}]})";
  std::string many_keys = "{\"mapping\":{";
  for (int i = 0; i <= 1024; ++i) many_keys += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":{}";
  many_keys += "}}";
  const ForeignFile file = ReadForeignConversations("all.json", " [" + good + "," + many_keys + " ,\n" + good + "]\n");
  ASSERT_THAT(file.conversations, SizeIs(2));
  EXPECT_EQ(file.conversations[0].messages.at(0).content, "a ] \" , { b");
  EXPECT_EQ(file.conversations[1].origin, "file all.json 3");
  ASSERT_THAT(file.faults, SizeIs(1));
  EXPECT_THAT(file.faults[0], HasSubstr("Conversation 2: "));
  EXPECT_THAT(file.faults[0], HasSubstr("1024 keys"));
}

TEST(ConversationImportTest, TakesMessagesForNoConversationsWhereTheyAreTooMany) {
  std::string text = "[";
  for (int i = 0; i <= 131'072; ++i) text += (i > 0 ? "," : "") + std::string(R"({"role":"user","content":"a"})");
  const ForeignFile file = ReadForeignConversations("long.json", text + "]");
  EXPECT_THAT(file.conversations, IsEmpty());
  EXPECT_THAT(file.faults, ElementsAre(HasSubstr("131072 elements")));
}

TEST(ConversationImportTest, RefusesAnIdThatNoIndexHolds) {
  const ForeignFile file = ReadForeignConversations(
      "x.json", R"({"id":")" + std::string(3000, 'x') + R"(","messages":[{"role":"user","content":"a"}]})");
  EXPECT_THAT(file.faults, ElementsAre("The file has an id of more than 500 bytes."));
}

}  // namespace
}  // namespace ftl::batch_runner
