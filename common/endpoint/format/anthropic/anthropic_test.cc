#include "common/endpoint/format/anthropic/anthropic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/format/read_with.h"

namespace ftl {
namespace {

using namespace endpoint_pb;

const Anthropic kAnthropic;

std::string TargetAt(std::string_view url) {
  return kAnthropic.ChatTarget(*Endpoint::Parse(url, AddressPolicy()), {.model = "m"});
}

TEST(AnthropicTest, AsksForAMessage) {
  ChatRequest request{.model = "claude",
                      .messages = {{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Yes?"}, {"user", "\"Why\""}},
                      .temperature = 0.5,
                      .max_tokens = 64};
  EXPECT_EQ(
      kAnthropic.ChatBody(request, {}),
      R"({"model":"claude","max_tokens":64,"system":"Be brief.","messages":[{"role":"user","content":"Hi"},)"
      R"({"role":"assistant","content":"Yes?"},{"role":"user","content":"\"Why\""}],"temperature":0.5,"stream":true})");
  request.max_tokens.reset();
  request.stream = false;
  EXPECT_THAT(kAnthropic.ChatBody(request, {}), testing::HasSubstr(R"("max_tokens":4096)"));
  EXPECT_THAT(kAnthropic.ChatBody(request, {}), testing::EndsWith(R"("stream":false})"));
}

TEST(AnthropicTest, KnowsItsPathsAndFields) {
  EXPECT_EQ(TargetAt("https://api.anthropic.com"), "/v1/messages");
  EXPECT_EQ(TargetAt("https://api.anthropic.com/v1/"), "/v1/messages");
  EXPECT_EQ(TargetAt("https://api.anthropic.com/v1/messages"), "/v1/messages");
  EXPECT_EQ(TargetAt("https://gate.acme.com/claude/v1?tenant=1"), "/claude/v1/messages?tenant=1");
  const Endpoint endpoint = *Endpoint::Parse("https://api.anthropic.com/v1", AddressPolicy());
  EXPECT_EQ(kAnthropic.KeyTestUrl(endpoint), "https://api.anthropic.com/v1/models?limit=1000");
  EXPECT_EQ(FieldsOf(kAnthropic, "https://api.anthropic.com"),
            "anthropic-version: 2023-06-01\r\nx-api-key: the-key\r\n");
}

TEST(AnthropicTest, ReadsAStreamOfBlocks) {
  const ChatReply reply = ReadStreamWith(kAnthropic, R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":20,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo"}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"look_up","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"order\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1187}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":41}}

event: message_stop
data: {"type":"message_stop"}

)");
  ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.reasoning, "Hm.");
  ASSERT_EQ(reply.tool_calls.size(), 1u);
  EXPECT_EQ(reply.tool_calls[0].name, "look_up");
  EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":1187})");
  EXPECT_EQ(reply.finish_reason, "tool_calls");
  EXPECT_EQ(reply.usage.input_tokens, 28);
  EXPECT_EQ(reply.usage.cached_tokens, 5);
  EXPECT_EQ(reply.usage.output_tokens, 41);
}

TEST(AnthropicTest, ReadsAWholeMessage) {
  const ChatReply reply = ReadWholeWith(kAnthropic, R"({"id":"msg_1","type":"message","role":"assistant","content":[
    {"type":"thinking","thinking":"Hm.","signature":"s"},{"type":"text","text":"Hello"},
    {"type":"tool_use","id":"toolu_1","name":"look_up","input":{"order":1187}}],
    "stop_reason":"max_tokens","usage":{"input_tokens":7,"output_tokens":3}})");
  ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.reasoning, "Hm.");
  EXPECT_EQ(reply.tool_calls.at(0).arguments, R"({"order":1187})");
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.usage.output_tokens, 3);
}

TEST(AnthropicTest, TellsHowAnAnswerFailed) {
  EXPECT_EQ(ReadStreamWith(kAnthropic,
                           "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                           "\"message\":\"Overloaded\"}}\n\n")
                .outcome,
            OUTCOME_THROTTLED);
  EXPECT_EQ(ReadWholeWith(kAnthropic, R"({"type":"message","content":[],"stop_reason":"refusal"})").outcome,
            OUTCOME_FILTERED);
  const ChatReply cut = ReadStreamWith(
      kAnthropic,
      "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n",
      ChatAnswer::End::kCut);
  EXPECT_EQ(cut.outcome, OUTCOME_TRUNCATED_STREAM);
  EXPECT_EQ(cut.text, "Hel");
}

TEST(AnthropicTest, ReadsItsModels) {
  const ModelList list = kAnthropic.ReadModels(
      R"({"data":[{"type":"model","id":"claude-a","display_name":"Claude A","created_at":"2025-01-01T00:00:00Z"}],"has_more":false})",
      10);
  ASSERT_EQ(list.models.size(), 1u);
  EXPECT_EQ(list.models[0].id, "claude-a");
  EXPECT_EQ(list.models[0].name, "Claude A");
}

}  // namespace
}  // namespace ftl
