#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "common/endpoint/chat_call.h"
#include "services/sample-endpoint/dialect.h"
#include "services/sample-endpoint/server.h"
#include "tests/support/await.h"

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Service {
  const char* dialect;
  const char* path;  // of its API at the sample endpoint
};

std::string NameOf(const testing::TestParamInfo<Service>& info) { return info.param.dialect; }

// The caller and the sample endpoint on one thread, over a real socket.
class DialectsTest : public testing::TestWithParam<Service> {
 protected:
  DialectsTest()
      : server_(io_, sample_endpoint::Answers::Embedded()),
        port_(*server_.Listen("127.0.0.1:0")),
        caller_(io_.get_executor(), policy_) {}

  const Dialect& dialect() { return *DialectNamed(GetParam().dialect); }
  Endpoint At() { return *Endpoint::Parse(fmt::format("http://127.0.0.1:{}{}", port_, GetParam().path), policy_); }

  ChatReply Chat(ChatRequest request, absl::Duration limit = absl::Seconds(5),
                 std::string_view key = "sk-good-0123456789") {
    const Endpoint at = At();
    const Credential credential{Secret(key)};
    pieces_.clear();
    const OnPiece keep = [this](PieceKind kind, std::string_view piece) {
      if (kind == PieceKind::kContent) pieces_ += piece;
    };
    return *Await(io_, caller_.Chat(DeadlineIn(limit), at, credential, "session", request, keep, dialect()));
  }
  ChatReply Chat(std::string model, bool stream = true, absl::Duration limit = absl::Seconds(5)) {
    return Chat({.model = std::move(model),
                 .messages = {{"system", "Be brief."}, {"user", "please cancel 1187"}},
                 .temperature = 0.7,
                 .max_tokens = 400,
                 .stream = stream},
                limit);
  }
  KeyTest TestKey(std::string_view key) {
    const Endpoint at = At();
    const Credential credential{Secret(key)};
    return *Await(io_, caller_.TestKey(DeadlineIn(absl::Seconds(5)), at, credential, "session", dialect()));
  }

  asio::io_context io_;
  AddressPolicy policy_{{.allow_localhost = true}};
  sample_endpoint::Server server_;
  int port_;
  Caller caller_;
  std::string pieces_;
};

TEST_P(DialectsTest, AnswersStreamedAndWhole) {
  for (const bool stream : {true, false}) {
    const ChatReply reply = Chat({.model = "sample-echo",
                                  .messages = {{"system", "Be brief."},
                                               {"user", "One"},
                                               {"assistant", "Two"},
                                               {"user", "Grüße, 世界! \"Quoted\"\n"}},
                                  .stream = stream});
    ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
    EXPECT_EQ(reply.text, "Grüße, 世界! \"Quoted\"\n");
    EXPECT_EQ(pieces_, reply.text);
    EXPECT_EQ(reply.finish_reason, "stop");
    EXPECT_EQ(reply.timing.has_ttft(), stream);
    EXPECT_GT(reply.output_tokens, 2);
    EXPECT_GT(reply.input_tokens, 2);
    EXPECT_FALSE(reply.tokens_estimated);
  }
}

TEST_P(DialectsTest, PartsReasoningFromTheAnswer) {
  for (const bool stream : {true, false}) {
    const ChatReply reply = Chat("sample-reasoner", stream);
    ASSERT_TRUE(reply.ok()) << reply.failure.sentence;
    EXPECT_THAT(reply.reasoning, StartsWith("The person wants an answer."));
    EXPECT_THAT(reply.text, Not(IsEmpty()));
    EXPECT_THAT(reply.text, Not(HasSubstr("The person wants")));
  }
}

TEST_P(DialectsTest, StopsAtTheTokenLimit) {
  const ChatReply reply = Chat({.model = "sample-64", .messages = {{"user", "go"}}, .max_tokens = 3});
  EXPECT_EQ(reply.text, " sample sample sample");
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.output_tokens, 3);
}

TEST_P(DialectsTest, ListsTheModelsThatChat) {
  const Endpoint at = At();
  const Credential credential{Secret("sk-good-0123456789")};
  const ModelList list =
      *Await(io_, caller_.ListModels(DeadlineIn(absl::Seconds(5)), at, credential, "session", dialect()));
  ASSERT_TRUE(list.ok()) << list.failure.sentence;
  std::vector<std::string> ids;
  for (const ListedModel& model : list.models) ids.push_back(model.id);
  EXPECT_THAT(ids, Contains("sample-fast"));
  EXPECT_THAT(ids, Not(Contains("sample-embedding")));
}

TEST_P(DialectsTest, TellsAGoodKeyFromABadOne) {
  const KeyTest good = TestKey("sk-good-0123456789");
  EXPECT_TRUE(good.ok()) << good.failure.sentence;
  EXPECT_GT(good.latency, absl::ZeroDuration());
  const KeyTest bad = TestKey("wrong-key");
  EXPECT_EQ(bad.failure.error_type, ERROR_TYPE_AUTH) << bad.failure.sentence;
  EXPECT_EQ(bad.http_status, 401);
}

TEST_P(DialectsTest, NamesEveryFault) {
  const std::map<std::string, Outcome> faults = {
      {"fault-http-400", OUTCOME_REFUSED},
      {"fault-http-401", OUTCOME_AUTH},
      {"fault-http-403", OUTCOME_AUTH},
      {"fault-http-429", OUTCOME_THROTTLED},
      {"fault-http-500", OUTCOME_SERVER_ERROR},
      {"fault-http-503", OUTCOME_THROTTLED},
      {"fault-html-200", OUTCOME_BAD_FORMAT},
      {"fault-echo-key", OUTCOME_AUTH},
      {"fault-error-in-stream", OUTCOME_SERVER_ERROR},
      {"fault-cut-stream", OUTCOME_TRUNCATED_STREAM},
      {"fault-unfinished", OUTCOME_TRUNCATED_STREAM},
      {"fault-not-json", OUTCOME_BAD_FORMAT},
      {"fault-empty-body", OUTCOME_BAD_FORMAT},
      {"fault-pings", OUTCOME_OK},
      {"fault-split-bytes", OUTCOME_OK},
      {"fault-hang-up", OUTCOME_TRANSPORT},
      {"no-such-model", OUTCOME_MODEL_NOT_FOUND},
  };
  for (const auto& [model, outcome] : faults) {
    const ChatReply reply = Chat(model);
    EXPECT_EQ(reply.outcome, outcome) << model << ": " << reply.failure.sentence;
    EXPECT_THAT(reply.failure.sentence, Not(HasSubstr("sk-good"))) << model;
  }
  EXPECT_EQ(Chat("fault-http-429").failure.retry_after, absl::Seconds(1));
  EXPECT_THAT(Chat("fault-cut-stream").text, Not(IsEmpty()));
  EXPECT_EQ(Chat("fault-stall-midway", true, absl::Milliseconds(300)).outcome, OUTCOME_TIMEOUT);
  EXPECT_EQ(Chat("fault-silence", true, absl::Milliseconds(300)).outcome, OUTCOME_TIMEOUT);
}

constexpr Service kAnthropic{"anthropic", "/anthropic/v1"};
constexpr Service kGoogle{"google", "/google/v1beta"};
constexpr Service kCohere{"cohere", "/cohere/v2"};

INSTANTIATE_TEST_SUITE_P(Services, DialectsTest,
                         testing::Values(Service{"openai", "/v1"}, kAnthropic, kGoogle, kCohere,
                                         Service{"huggingface", "/huggingface/v1"}),
                         NameOf);

class AnthropicsFaultsTest : public DialectsTest {};
TEST_P(AnthropicsFaultsTest, AreNamed) {
  EXPECT_EQ(Chat("fault-http-529").outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(Chat("fault-http-429-spend").outcome, OUTCOME_QUOTA);
  EXPECT_EQ(Chat("fault-credit").outcome, OUTCOME_QUOTA);
  EXPECT_EQ(Chat("fault-overloaded-in-stream").outcome, OUTCOME_THROTTLED);
  for (const bool stream : {true, false}) {
    EXPECT_EQ(Chat("fault-refusal", stream).outcome, OUTCOME_FILTERED);
    const ChatReply reply = Chat("fault-tool-use", stream);
    ASSERT_EQ(reply.tool_calls.size(), 1u) << reply.failure.sentence;
    EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":"1187"})");
  }
}
INSTANTIATE_TEST_SUITE_P(Anthropic, AnthropicsFaultsTest, testing::Values(kAnthropic), NameOf);

class GooglesFaultsTest : public DialectsTest {};
TEST_P(GooglesFaultsTest, AreNamed) {
  EXPECT_EQ(Chat("fault-key-invalid").outcome, OUTCOME_AUTH);
  EXPECT_EQ(Chat("fault-quota-day").outcome, OUTCOME_QUOTA);
  const ChatReply delayed = Chat("fault-retry-delay");
  EXPECT_EQ(delayed.outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(delayed.failure.retry_after, absl::Milliseconds(3500));
  EXPECT_EQ(Chat("fault-array-error").outcome, OUTCOME_THROTTLED);
  for (const bool stream : {true, false}) {
    EXPECT_EQ(Chat("fault-blocked-prompt", stream).outcome, OUTCOME_FILTERED);
    EXPECT_EQ(Chat("fault-finish-safety", stream).outcome, OUTCOME_FILTERED);
    const ChatReply reply = Chat("fault-function-call", stream);
    ASSERT_EQ(reply.tool_calls.size(), 1u) << reply.failure.sentence;
    EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":"1187"})");
  }
}
INSTANTIATE_TEST_SUITE_P(Google, GooglesFaultsTest, testing::Values(kGoogle), NameOf);

class CoheresFaultsTest : public DialectsTest {};
TEST_P(CoheresFaultsTest, AreNamed) {
  EXPECT_EQ(Chat("fault-trial-limit").outcome, OUTCOME_QUOTA);
  for (const bool stream : {true, false}) {
    EXPECT_EQ(Chat("fault-finish-error", stream).outcome, OUTCOME_SERVER_ERROR);
    const ChatReply reply = Chat("fault-tool-call", stream);
    EXPECT_EQ(reply.reasoning, "I look it up.");
    ASSERT_EQ(reply.tool_calls.size(), 1u) << reply.failure.sentence;
    EXPECT_EQ(reply.tool_calls[0].arguments, R"({"order":"1187"})");
  }
}
INSTANTIATE_TEST_SUITE_P(Cohere, CoheresFaultsTest, testing::Values(kCohere), NameOf);

}  // namespace
}  // namespace ftl
