#include "common/endpoint/format/openai/chat_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/format/openai/refused_parameter.h"
#include "common/endpoint/url/endpoint.h"

namespace ftl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ChatRequest Request() {
  return {.model = "m",
          .messages = {{"system", "be \"brief\"\n\x01"}, {"user", "h\u00e9"}},
          .temperature = 0.7,
          .max_tokens = 256};
}

TEST(ChatBodyTest, WritesTheBodyThatMostEndpointsTake) {
  EXPECT_EQ(
      ChatBody(Request(), {}),
      R"({"model":"m","messages":[{"role":"system","content":"be \"brief\"\n\u0001"},{"role":"user","content":"hé"}],)"
      R"("temperature":0.7,"max_tokens":256,"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(ChatBodyTest, SendsTopPToWhoeverTakesATemperature) {
  ChatRequest request = Request();
  request.top_p = 0.9;
  EXPECT_THAT(ChatBody(request, {}), HasSubstr(R"("top_p":0.9)"));
  endpoint_pb::Capabilities capabilities;
  capabilities.set_temperature(false);
  EXPECT_THAT(ChatBody(request, capabilities), Not(HasSubstr("top_p")));
}

TEST(ChatBodyTest, LeavesOutWhatTheEndpointDoesNotTake) {
  endpoint_pb::Capabilities capabilities;
  capabilities.set_max_completion_tokens(true);
  capabilities.set_temperature(false);
  capabilities.set_stream_options(false);
  const std::string body = ChatBody(Request(), capabilities);
  EXPECT_THAT(body, HasSubstr(R"("max_completion_tokens":256)"));
  EXPECT_THAT(body, Not(HasSubstr("temperature")));
  EXPECT_THAT(body, Not(HasSubstr("stream_options")));
}

TEST(ChatBodyTest, KnowsTheReasoningModelsOfOpenAiBeforehandAndNobodyElses) {
  const auto wants_other_name = [](std::string_view url, std::string_view model) {
    return CapabilitiesFor(*Endpoint::Parse(url, AddressPolicy()), model, {}).max_completion_tokens();
  };
  EXPECT_TRUE(wants_other_name("https://api.openai.com/v1", "o3-mini"));
  EXPECT_TRUE(wants_other_name("https://api.openai.com/v1", "gpt-5-nano"));
  EXPECT_FALSE(wants_other_name("https://api.openai.com/v1", "gpt-4o"));
  EXPECT_FALSE(wants_other_name("https://llm.somewhere.net/v1", "gpt-5-nano"));
}

struct Lesson {
  bool learned;
  endpoint_pb::Capabilities capabilities;
};

Lesson Refused(std::string_view body) {
  Lesson lesson;
  lesson.learned = LearnFromRefusal(Request(), WordsOf(body), lesson.capabilities);
  return lesson;
}

TEST(RefusedParameterTest, IsFoundInEveryWayOfNamingIt) {
  const Lesson mistral = Refused(
      R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]})");
  EXPECT_TRUE(mistral.learned);
  EXPECT_FALSE(mistral.capabilities.stream_options());
  EXPECT_THAT(mistral.capabilities.dropped_parameters(), ElementsAre("stream_options"));
  const Lesson wrapped = Refused(
      R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"No."}]},"type":"invalid_request_error"})");
  EXPECT_FALSE(wrapped.capabilities.stream_options());
  EXPECT_FALSE(
      Refused(R"({"message":"Unrecognized request argument supplied: stream_options"})").capabilities.stream_options());
  EXPECT_FALSE(
      Refused(R"({"error":{"message":"Unsupported value: 'temperature' does not support 0.7","param":"temperature"}})")
          .capabilities.temperature());
}

TEST(RefusedParameterTest, ChangesTheNameOfTheTokenLimitOnlyWhereTheNameIsRefused) {
  EXPECT_TRUE(
      Refused(
          R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","code":"unsupported_parameter"}})")
          .capabilities.max_completion_tokens());
  EXPECT_FALSE(Refused(R"({"error":{"message":"max_tokens must be at most 100","param":"max_tokens"}})")
                   .capabilities.max_completion_tokens());
}

TEST(RefusedParameterTest, KnowsTheNameOfTheTokenLimitRefusedInAnyWordingAndNeverOverItsSize) {
  for (const std::string said :
       {"Unknown parameter: 'max_tokens'.", "Unrecognized request argument supplied: max_tokens",
        "property 'max_tokens' is unsupported", "max_tokens is deprecated; please use max_completion_tokens.",
        "MAX_TOKENS: Extra inputs are not permitted"}) {
    EXPECT_TRUE(Refused(R"({"message":")" + said + "\"}").capabilities.max_completion_tokens()) << said;
  }
  EXPECT_FALSE(
      Refused(R"({"message":"'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context )"
              R"(length is 512 tokens"})")
          .learned);
}

TEST(RefusedParameterTest, LeavesTheTemperatureOutAtOnceWhereAReasoningModelWantsTheOtherName) {
  ChatRequest request = Request();
  request.model = "azure/o4-mini";
  endpoint_pb::Capabilities learned;
  EXPECT_TRUE(LearnFromRefusal(request, WordsOf(R"({"message":"Use 'max_completion_tokens' instead."})"), learned));
  EXPECT_THAT(ChatBody(request, learned), Not(HasSubstr("temperature")));
  EXPECT_THAT(learned.dropped_parameters(), ElementsAre("temperature"));
}

TEST(RefusedParameterTest, PutsTheSystemPromptBeforeTheQuestionWhereTheRoleIsRefused) {
  for (const std::string said : {"Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                                 "System role not supported", "Developer instruction is not enabled for models/gemma-3",
                                 "Conversation roles must alternate user/assistant"}) {
    const Lesson lesson = Refused(R"({"message":")" + said + "\"}");
    EXPECT_TRUE(lesson.learned) << said;
    EXPECT_THAT(ChatBody(Request(), lesson.capabilities),
                HasSubstr(R"("messages":[{"role":"user","content":"be \"brief\"\n\u0001\n\nhé"}])"));
  }
}

TEST(RefusedParameterTest, AsksForWholeAnswersWhereStreamsAreRefused) {
  const Lesson lesson =
      Refused(R"({"error":{"message":"Streaming is not supported for this model.","param":"stream"}})");
  EXPECT_THAT(ChatBody(Request(), lesson.capabilities),
              testing::AllOf(HasSubstr(R"("stream":false)"), Not(HasSubstr("stream_options"))));
  EXPECT_THAT(
      ChatBody(Request(), Refused(R"({"message":"stream_options is not supported while stream is on"})").capabilities),
      HasSubstr(R"("stream":true)"));
}

TEST(RefusedParameterTest, LowersATokenLimitThatIsTooLargeToWhatTheModelTakes) {
  ChatRequest request = Request();
  request.max_tokens = 1024;
  endpoint_pb::Capabilities learned;
  const ErrorWords words = WordsOf(
      R"({"error":{"message":"max_tokens is too large: 1024. This model supports at most 512 completion tokens."}})");
  EXPECT_TRUE(LearnFromRefusal(request, words, learned));
  EXPECT_EQ(learned.max_tokens(), 512);
  EXPECT_FALSE(learned.max_completion_tokens()) << "the name stays";
  EXPECT_THAT(ChatBody(request, learned), HasSubstr(R"("max_tokens":512)"));
  EXPECT_FALSE(LearnFromRefusal(request, words, learned)) << "no more is to be had of the same words";
  request.max_tokens = 256;
  EXPECT_THAT(ChatBody(request, learned), HasSubstr(R"("max_tokens":256)")) << "fewer stay as they are";
  EXPECT_TRUE(Refused(R"({"detail":[{"loc":["body","max_tokens"],"msg":"Input should be less than or equal to 128"}]})")
                  .learned);
}

TEST(RefusedParameterTest, TeachesNothingWhereNoneIsNamed) {
  EXPECT_FALSE(Refused(R"({"error":{"message":"the prompt is too long"}})").learned);
  EXPECT_FALSE(Refused(R"({"error":{"message":"my_temperature_sensor is odd"}})").learned);
  endpoint_pb::Capabilities known;
  known.set_stream_options(false);
  EXPECT_FALSE(LearnFromRefusal(Request(), WordsOf(R"({"message":"stream_options"})"), known)) << "it was not sent";
}

}  // namespace
}  // namespace ftl
