#include "services/export/writer/conversation_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/json/json_reader.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

using testing::HasSubstr;

runner::Message Said(runner::MessageRole role, std::string_view content) {
  runner::Message message;
  message.set_role(role);
  message.set_content(std::string(content));
  message.set_status(runner::MESSAGE_STATUS_COMPLETE);
  return message;
}

TEST(ConversationDocumentTest, WritesWhoSaidWhatAsMarkdown) {
  runner::Conversation conversation;
  conversation.set_title("# *Loud*\nname");
  conversation.set_system_prompt("Be short.\nBe kind.");
  std::string text;
  AppendMarkdownHead(conversation, text);
  AppendMarkdown(Said(runner::MESSAGE_ROLE_USER, "Hello"), text);
  runner::Message answer = Said(runner::MESSAGE_ROLE_ASSISTANT, "**Hi**");
  answer.mutable_model()->set_id("m_1");
  answer.set_status(runner::MESSAGE_STATUS_INCOMPLETE);
  AppendMarkdown(answer, text);
  EXPECT_THAT(text, testing::StartsWith("# \\# \\*Loud\\* name\n"));
  EXPECT_THAT(text, HasSubstr("\n> Be short.\n> Be kind.\n"));
  EXPECT_THAT(text, HasSubstr("\n## User\n\nHello\n\n## Assistant (m\\_1)\n\n**Hi**\n\n*Unfinished.*\n"));
}

TEST(ConversationDocumentTest, WritesOneObjectAsJson) {
  runner::Conversation conversation;
  conversation.set_title("t");
  std::string text;
  AppendJsonHead(conversation, text);
  for (int i = 0; i < 3; ++i) AppendJson(Said(runner::MESSAGE_ROLE_USER, "a \"quoted\" line\n"), i == 0, text);
  AppendJsonEnd(text);
  const auto document = JsonDocument::Parse(text);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->root().at("messages").as_array().size(), 3u);
  EXPECT_EQ(document->root().at("title").as_string(), "t");
}

TEST(ConversationDocumentTest, CallsTheFileByItsTitle) {
  EXPECT_EQ(ConversationFileName("What is the capital of France?", "md"), "what-is-the-capital-of-france.md");
  EXPECT_EQ(ConversationFileName("日本\r\n\"; x=", "json"), "x.json");
  EXPECT_EQ(ConversationFileName("…", "md"), "conversation.md");
  EXPECT_EQ(ConversationFileName(std::string(200, 'a'), "md").size(), 63u);
}

}  // namespace
}  // namespace ftl::exporter
