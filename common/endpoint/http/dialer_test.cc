#include "common/endpoint/http/dialer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "common/endpoint/chat_call.h"
#include "tests/support/await.h"
#include "tests/support/fake_endpoint.h"
#include "tests/support/no_descriptors.h"

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::ElementsAre;
using testing::HasSubstr;

// Answers from a list, one entry for each look-up.
class ListedResolver : public Resolver {
 public:
  struct Log {
    std::vector<std::string> names;
  };
  ListedResolver(std::vector<absl::StatusOr<std::vector<std::string>>> answers, Log* log)
      : answers_(std::move(answers)), log_(log) {}

  Task<std::vector<asio::ip::address>> Resolve(std::string name, std::string, Deadline) override {
    log_->names.push_back(name);
    const auto& answer = answers_.at(std::min(log_->names.size(), answers_.size()) - 1);
    if (!answer.ok()) co_return answer.status();
    std::vector<asio::ip::address> addresses;
    for (const std::string& text : *answer) addresses.push_back(asio::ip::make_address(text));
    co_return addresses;
  }

 private:
  std::vector<absl::StatusOr<std::vector<std::string>>> answers_;
  Log* log_;
};

class DialerTest : public testing::Test {
 protected:
  using Answers = std::vector<absl::StatusOr<std::vector<std::string>>>;

  ChatReply Call(const std::string& url, Answers answers = {}, CallerLimits limits = {},
                 absl::Duration limit = absl::Milliseconds(300)) {
    auto resolver = std::make_unique<ListedResolver>(std::move(answers), &log_);
    Caller caller(io_.get_executor(), policy_, limits, std::move(resolver));
    const Endpoint endpoint = *Endpoint::Parse(url, policy_);
    const Credential key{Secret("a-key-of-no-worth")};
    const ChatRequest request{.model = "m", .messages = {{"user", "Hi"}}};
    return *Await(io_, caller.Chat(DeadlineIn(limit), endpoint, key, "s", request));
  }

  asio::io_context io_;
  AddressPolicy policy_{{.allow_localhost = true}};
  ListedResolver::Log log_;
};

FakeEndpoint::Script SaysHi() {
  return [](const FakeRequest&, FakeConnection& to) { to.Send(StreamAnswer("Hi")); };
}

TEST_F(DialerTest, RefusesANameOfWhichOneAddressIsForbidden) {
  for (const std::string bad : {"10.0.0.1", "169.254.169.254", "::1", "127.0.0.1", "::ffff:8.8.8.8", "fd00::1"}) {
    const ChatReply reply = Call("http://somewhere.net:8000/v1", {std::vector<std::string>{"8.8.8.8", bad}});
    EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_BLOCKED_ADDRESS) << bad;
    EXPECT_EQ(reply.outcome, OUTCOME_BLOCKED_ADDRESS) << bad;
    EXPECT_FALSE(reply.timing.has_connect()) << "nothing was sent";
  }
}

TEST_F(DialerTest, LooksAnAbsoluteNameUp) {
  Call("http://somewhere.net/v1", {std::vector<std::string>{"10.0.0.1"}});
  EXPECT_THAT(log_.names, ElementsAre("somewhere.net."));
}

TEST_F(DialerTest, AsksAgainAtEachConnectionSoThatRebindingGainsNothing) {
  const auto resolver_answers = Answers{std::vector<std::string>{"10.0.0.1"}, std::vector<std::string>{"127.0.0.1"}};
  auto resolver = std::make_unique<ListedResolver>(resolver_answers, &log_);
  Caller caller(io_.get_executor(), policy_, {}, std::move(resolver));
  const Endpoint endpoint = *Endpoint::Parse("http://somewhere.net/v1", policy_);
  const Credential key;
  const ChatRequest request{.model = "m"};
  for (int call = 0; call < 2; ++call) {
    const auto reply = Await(io_, caller.Chat(DeadlineIn(absl::Milliseconds(300)), endpoint, key, "s", request));
    EXPECT_EQ(reply->failure.error_type, ERROR_TYPE_BLOCKED_ADDRESS);
  }
  EXPECT_EQ(log_.names.size(), 2u);
}

TEST_F(DialerTest, SaysWhyANameLedNowhere) {
  const std::string url = "http://somewhere.net/v1";
  EXPECT_EQ(Call(url, {absl::NotFoundError("")}).failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(Call(url, {absl::UnavailableError("")}).failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(Call(url, {absl::DeadlineExceededError("")}).failure.error_type, ERROR_TYPE_TIMEOUT);
}

TEST_F(DialerTest, WhatThisProcessLacksIsNotTheEndpointsFault) {
  EXPECT_TRUE(Call("http://somewhere.net/v1", {absl::ResourceExhaustedError("")}).failure.ours);
  FakeEndpoint endpoint(SaysHi());
  const std::string url = endpoint.Url();
  const NoDescriptors none_left;
  const ChatReply reply = Call(url);
  EXPECT_TRUE(reply.failure.ours) << reply.failure.sentence;
  EXPECT_THAT(reply.failure.sentence, HasSubstr("the endpoint was not asked"));
}

TEST_F(DialerTest, ConnectsToLocalhostWithoutALookUpAndTriesItsSecondAddress) {
  FakeEndpoint endpoint(SaysHi());
  EXPECT_TRUE(Call(fmt::format("http://localhost:{}/v1", endpoint.port())).ok());
  EXPECT_TRUE(log_.names.empty());
}

CallerLimits Trusting(const FakeEndpoint& endpoint) {
  CallerLimits limits;
  limits.ca_file = endpoint.ca_file();
  return limits;
}

TEST_F(DialerTest, SpeaksTlsWithAnEndpointWhoseCertificateIsGood) {
  FakeEndpoint endpoint(SaysHi(), FakeEndpoint::Tls());
  const ChatReply reply = Call(endpoint.Url(), {}, Trusting(endpoint), absl::Seconds(5));
  EXPECT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hi");
  EXPECT_TRUE(reply.timing.has_tls());
  EXPECT_TRUE(reply.timing.has_connect());
  EXPECT_FALSE(reply.timing.has_dns());
}

TEST_F(DialerTest, KeepsATlsConnection) {
  FakeEndpoint endpoint(SaysHi(), FakeEndpoint::Tls());
  Caller caller(io_.get_executor(), policy_, Trusting(endpoint));
  const Endpoint at = *Endpoint::Parse(endpoint.Url(), policy_);
  const Credential key;
  const ChatRequest request{.model = "m", .messages = {{"user", std::string(100'000, 'x')}}};
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(Await(io_, caller.Chat(DeadlineIn(absl::Seconds(5)), at, key, "s", request))->ok());
  }
  EXPECT_EQ(endpoint.connections(), 1);
}

TEST_F(DialerTest, RefusesCertificatesThatAreNotGood) {
  FakeEndpoint unknown(SaysHi(), FakeEndpoint::Tls());
  FakeEndpoint other_name(SaysHi(), FakeEndpoint::Tls{.name = "other.net"});
  FakeEndpoint expired(SaysHi(), FakeEndpoint::Tls{.expired = true});
  const ChatReply replies[] = {Call(unknown.Url(), {}, {}, absl::Seconds(5)),
                               Call(other_name.Url(), {}, Trusting(other_name), absl::Seconds(5)),
                               Call(expired.Url(), {}, Trusting(expired), absl::Seconds(5))};
  for (const ChatReply& reply : replies) {
    EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_TLS) << reply.failure.sentence;
    EXPECT_THAT(reply.failure.sentence, HasSubstr("certificate"));
    EXPECT_FALSE(reply.failure.retryable);
  }
  EXPECT_THAT(replies[0].failure.sentence, HasSubstr("self-signed"));
  EXPECT_THAT(replies[1].failure.sentence, HasSubstr("mismatch"));
  EXPECT_THAT(replies[2].failure.sentence, HasSubstr("expired"));
  for (const FakeEndpoint* endpoint : {&unknown, &other_name, &expired}) EXPECT_TRUE(endpoint->requests().empty());
}

TEST_F(DialerTest, RefusesOldTlsAndWhatIsNoTls) {
  FakeEndpoint old(SaysHi(), FakeEndpoint::Tls{.newest_version = TLS1_1_VERSION});
  EXPECT_EQ(Call(old.Url(), {}, Trusting(old), absl::Seconds(5)).failure.error_type, ERROR_TYPE_TLS);
  FakeEndpoint plain(SaysHi());
  const ChatReply reply = Call(fmt::format("https://localhost:{}/v1", plain.port()), {}, {}, absl::Milliseconds(300));
  EXPECT_NE(reply.failure.error_type, ERROR_TYPE_UNSPECIFIED);
}

TEST_F(DialerTest, EndsAHandshakeThatTakesTooLong) {
  FakeEndpoint silent(SaysHi());  // waits for a request that never comes
  CallerLimits limits;
  limits.connect = absl::Milliseconds(100);
  const ChatReply reply = Call(fmt::format("https://localhost:{}/v1", silent.port()), {}, limits, absl::Seconds(5));
  EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_TIMEOUT);
  EXPECT_THAT(reply.failure.sentence, HasSubstr("handshake"));
}

TEST(SystemResolverTest, SharesOneLookUpAndSaysWhereThereIsNothing) {
  asio::io_context io;
  SystemResolver resolver(io.get_executor());
  const auto found = Await(io, resolver.Resolve("localhost", "s", DeadlineIn(absl::Seconds(5))));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->front().is_loopback());
  EXPECT_FALSE(Await(io, resolver.Resolve("no.such.name.invalid.", "s", DeadlineIn(absl::Seconds(5)))).ok());
}

}  // namespace
}  // namespace ftl
