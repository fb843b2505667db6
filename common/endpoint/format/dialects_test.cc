#include "common/endpoint/format/dialect.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/format/read_with.h"

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::HasSubstr;
using testing::Not;

TEST(DialectsTest, AreFoundByTheirNames) {
  std::set<std::string_view> names;
  for (const Dialect* dialect : Dialects()) {
    EXPECT_TRUE(names.insert(dialect->name()).second) << dialect->name();
    EXPECT_EQ(DialectNamed(dialect->name()), dialect);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"openai", "anthropic", "google", "cohere", "huggingface"}));
  EXPECT_EQ(Dialects().front(), &OpenAiDialect());
  EXPECT_EQ(DialectNamed("OpenAI"), nullptr);
}

TEST(DialectsTest, SendNoEmptyKey) {
  const Endpoint endpoint = *Endpoint::Parse("https://api.acme.com", AddressPolicy());
  for (const Dialect* dialect : Dialects()) {
    std::string head;
    dialect->AppendFields(endpoint, Credential(), head);
    EXPECT_THAT(head, Not(HasSubstr("key"))) << dialect->name();
    EXPECT_THAT(head, Not(HasSubstr("uthorization"))) << dialect->name();
  }
}

TEST(DialectsTest, LeaveOutTheirFieldWhereAFurtherHeaderHoldsIt) {
  const Endpoint endpoint = *Endpoint::Parse("https://api.acme.com", AddressPolicy());
  const Endpoint azure = *Endpoint::Parse("https://acme.openai.azure.com/openai/deployments/d", AddressPolicy());
  const Credential credential(
      Secret("the-key"),
      Secret("Anthropic-Version: 2024-01-01\r\nApi-Key: of-azure\r\nX-Api-Key: one\r\nX-Goog-Api-Key: another\r\n"));
  const auto fields = [&](std::string_view name, const Endpoint& at) {
    std::string head;
    DialectNamed(name)->AppendFields(at, credential, head);
    return head;
  };
  EXPECT_EQ(fields("anthropic", endpoint), "");
  EXPECT_EQ(fields("google", endpoint), "");
  EXPECT_EQ(fields("openai", azure), "");
  EXPECT_EQ(fields("openai", endpoint), "Authorization: Bearer the-key\r\n");
  EXPECT_EQ(fields("cohere", endpoint), "Authorization: Bearer the-key\r\n");
}

// Whatever the service, a proxy before it answers in its own way.
TEST(DialectsTest, NameWhatIsNoAnswer) {
  for (const Dialect* dialect : Dialects()) {
    EXPECT_EQ(ReadWholeWith(*dialect, "").outcome, OUTCOME_BAD_FORMAT) << dialect->name();
    EXPECT_THAT(ReadWholeWith(*dialect, "<html>Sign in</html>").failure.sentence, HasSubstr("web page"));
    EXPECT_THAT(ReadWholeWith(*dialect, "Hello").failure.sentence, HasSubstr("not JSON")) << dialect->name();
    EXPECT_EQ(ReadWholeWith(*dialect, "{}").outcome, OUTCOME_BAD_FORMAT) << dialect->name();
    EXPECT_EQ(ReadWholeWith(*dialect, "[]").ok(), false) << dialect->name();
    EXPECT_EQ(ReadWholeWith(*dialect, R"({"error":{"message":"Overloaded","type":"overloaded_error"}})").outcome,
              OUTCOME_THROTTLED)
        << dialect->name();
    EXPECT_EQ(ReadStreamWith(*dialect, "data: not json\n\n").outcome, OUTCOME_BAD_FORMAT) << dialect->name();
    EXPECT_EQ(ReadStreamWith(*dialect, "data: {\"error\":\"Model is overloaded\"}\n\n").outcome, OUTCOME_THROTTLED)
        << dialect->name();
    EXPECT_FALSE(ReadStreamWith(*dialect, "").ok()) << dialect->name();
  }
}

TEST(DialectsTest, ReadTextThatIsNoText) {
  const ChatReply reply =
      ReadWholeWith(*DialectNamed("anthropic"),
                    "{\"content\":[{\"type\":\"text\",\"text\":\"a\xff\\ud800b\"}],\"stop_reason\":\"end_turn\"}");
  EXPECT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text.front(), 'a');
  EXPECT_EQ(reply.text.back(), 'b');
}

}  // namespace
}  // namespace ftl
