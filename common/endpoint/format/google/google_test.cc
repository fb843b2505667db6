#include "common/endpoint/format/google/google.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/format/read_with.h"

namespace ftl {
namespace {

using namespace endpoint_pb;

const Google kGoogle;

std::string TargetFor(std::string model, bool stream,
                      std::string_view url = "https://generativelanguage.googleapis.com") {
  return kGoogle.ChatTarget(*Endpoint::Parse(url, AddressPolicy()), {.model = std::move(model), .stream = stream});
}

TEST(GoogleTest, AsksForContent) {
  const ChatRequest request{
      .model = "gemini",
      .messages = {{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Yes?"}, {"user", "Why"}},
      .temperature = 0.5,
      .max_tokens = 64};
  EXPECT_EQ(kGoogle.ChatBody(request, {}),
            R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Yes?"}]},)"
            R"({"role":"user","parts":[{"text":"Why"}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]},)"
            R"("generationConfig":{"temperature":0.5,"maxOutputTokens":64}})");
  EXPECT_EQ(kGoogle.ChatBody({.model = "m", .messages = {{"user", "Hi"}}, .max_tokens = 5}, {}),
            R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":5}})");
}

TEST(GoogleTest, HasTheModelInItsPath) {
  EXPECT_EQ(TargetFor("gemini-pro", true), "/v1beta/models/gemini-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(TargetFor("gemini-pro", false), "/v1beta/models/gemini-pro:generateContent");
  EXPECT_EQ(TargetFor("tunedModels/mine", false), "/v1beta/tunedModels/mine:generateContent");
  EXPECT_EQ(TargetFor("m", true, "https://gate.acme.com/g/v1?a=b"), "/g/v1/models/m:streamGenerateContent?a=b&alt=sse");
  // No id leaves its place in the request line.
  EXPECT_EQ(TargetFor("a/../b c\r\nHost: x", false), "/v1beta/models/a%2F..%2Fb%20c%0D%0AHost%3A%20x:generateContent");
  EXPECT_EQ(FieldsOf(kGoogle, "https://generativelanguage.googleapis.com"), "x-goog-api-key: the-key\r\n");
}

TEST(GoogleTest, ReadsAStreamOfParts) {
  const ChatReply reply = ReadStreamWith(
      kGoogle,
      R"(data: {"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9}}

data: {"candidates":[{"content":{"parts":[{"text":"Hel"},{"text":"lo"}],"role":"model"},"index":0}]}

data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"look_up","args":{"order":1187}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":6,"cachedContentTokenCount":2,"totalTokenCount":19}}

)");
  ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.reasoning, "Hm.");
  ASSERT_EQ(reply.tool_calls.size(), 1u);
  EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":1187})");
  EXPECT_EQ(reply.finish_reason, "stop");
  EXPECT_EQ(reply.usage.input_tokens, 9);
  EXPECT_EQ(reply.usage.output_tokens, 10);
  EXPECT_EQ(reply.usage.reasoning_tokens, 6);
  EXPECT_EQ(reply.usage.cached_tokens, 2);
}

TEST(GoogleTest, TellsHowAnAnswerFailed) {
  EXPECT_EQ(
      ReadWholeWith(kGoogle, R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}})")
          .outcome,
      OUTCOME_FILTERED);
  EXPECT_EQ(ReadWholeWith(kGoogle, R"({"candidates":[{"finishReason":"PROHIBITED_CONTENT","index":0}]})").outcome,
            OUTCOME_FILTERED);
  EXPECT_EQ(
      ReadWholeWith(kGoogle, R"({"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]})").outcome,
      OUTCOME_LENGTH_EMPTY);
  EXPECT_EQ(
      ReadWholeWith(kGoogle, R"([{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}])")
          .outcome,
      OUTCOME_THROTTLED);
  EXPECT_EQ(
      ReadStreamWith(kGoogle, "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}]}}]}\n\n").outcome,
      OUTCOME_TRUNCATED_STREAM);
}

TEST(GoogleTest, ListsTheModelsThatChat) {
  const ModelList list = kGoogle.ReadModels(
      R"({"models":[{"name":"models/gemini-a","displayName":"Gemini A","inputTokenLimit":1048576,"supportedGenerationMethods":["generateContent","countTokens"]},
                    {"name":"models/embedding-b","supportedGenerationMethods":["embedContent"]}]})",
      10);
  ASSERT_EQ(list.models.size(), 1u);
  EXPECT_EQ(list.models[0].id, "gemini-a");
  EXPECT_EQ(list.models[0].name, "Gemini A");
  EXPECT_EQ(list.models[0].context_length, 1048576);
}

}  // namespace
}  // namespace ftl
