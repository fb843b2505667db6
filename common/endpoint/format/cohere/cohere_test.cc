#include "common/endpoint/format/cohere/cohere.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/format/read_with.h"

namespace ftl {
namespace {

using namespace endpoint_pb;

const Cohere kCohere;

TEST(CohereTest, AsksForAChat) {
  const ChatRequest request{
      .model = "command", .messages = {{"system", "Be brief."}, {"user", "Hi"}}, .temperature = 0.5, .max_tokens = 64};
  EXPECT_EQ(kCohere.ChatBody(request, {}),
            R"({"model":"command","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],)"
            R"("temperature":0.5,"max_tokens":64,"stream":true})");
}

TEST(CohereTest, ListsItsModelsBesideTheChat) {
  const Endpoint endpoint = *Endpoint::Parse("https://api.cohere.com", AddressPolicy());
  EXPECT_EQ(kCohere.ChatTarget(endpoint, {}), "/v2/chat");
  EXPECT_EQ(kCohere.ModelsTarget(endpoint), "/v1/models?endpoint=chat&page_size=1000");
  EXPECT_EQ(FieldsOf(kCohere, "https://api.cohere.com"), "Authorization: Bearer the-key\r\n");
  const ModelList list =
      kCohere.ReadModels(R"({"models":[{"name":"command-a","context_length":256000,"endpoints":["chat"]}]})", 10);
  ASSERT_EQ(list.models.size(), 1u);
  EXPECT_EQ(list.models[0].id, "command-a");
  EXPECT_EQ(list.models[0].context_length, 256000);
}

TEST(CohereTest, ReadsAStream) {
  const ChatReply reply = ReadStreamWith(kCohere, R"(event: message-start
data: {"type":"message-start","id":"x","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}

event: content-delta
data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Hm."}}}}

event: content-start
data: {"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}

event: content-delta
data: {"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"Hel"}}}}

event: content-delta
data: {"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"lo"}}}}

event: tool-call-start
data: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"look_up_1","type":"function","function":{"name":"look_up","arguments":""}}}}}

event: tool-call-delta
data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"order\":1187}"}}}}}

event: message-end
data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":2,"output_tokens":3},"tokens":{"input_tokens":71,"output_tokens":9}}}}

)");
  ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.reasoning, "Hm.");
  ASSERT_EQ(reply.tool_calls.size(), 1u);
  EXPECT_EQ(reply.tool_calls[0].id, "look_up_1");
  EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":1187})");
  EXPECT_EQ(reply.finish_reason, "tool_calls");
  EXPECT_EQ(reply.usage.input_tokens, 71);
  EXPECT_EQ(reply.usage.output_tokens, 9);
}

TEST(CohereTest, ReadsAWholeAnswer) {
  const ChatReply reply = ReadWholeWith(
      kCohere,
      R"({"id":"x","message":{"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"Hello"}]},
          "finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":7,"output_tokens":3}}})");
  ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.reasoning, "Hm.");
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.usage.input_tokens, 7);
}

TEST(CohereTest, TellsHowAnAnswerFailed) {
  EXPECT_EQ(ReadWholeWith(kCohere, R"({"id":"x","message":"invalid api token"})").ok(), false);
  EXPECT_EQ(
      ReadStreamWith(kCohere, "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\"}}\n\n").outcome,
      OUTCOME_SERVER_ERROR);
  EXPECT_EQ(
      ReadStreamWith(kCohere, "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"TIMEOUT\"}}\n\n").ok(),
      false);
}

}  // namespace
}  // namespace ftl
