#include <fstream>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "common/error/refusal.h"
#include "common/time/proto_time.h"
#include "services/session-vault/vault_fixture.h"

namespace ftl::vault {
namespace {

using namespace boost::asio::experimental::awaitable_operators;
using testing::HasSubstr;

TEST_F(SessionVaultTest, OpensASessionWhoseKeyStandsNowhereInPlain) {
  const auto vault = NewReplica();
  const auto opened = Open(*vault, Request());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(IsSessionId(opened->session_id()));
  EXPECT_EQ(opened->model_name(), "org/model");
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(opened->expires_at()) - absl::Now()), 3600, 30);
  const Rows rows = Sql(R"(SELECT row_to_json(c)::text || row_to_json(e)::text || row_to_json(a)::text AS everything
                           FROM demo_model_configs c, demo_session_expiry e, audit_log a)");
  const std::string everything = rows.Only().Get<std::string>("everything");
  EXPECT_THAT(everything, HasSubstr(*SessionHash(opened->session_id())));
  EXPECT_THAT(everything, testing::Not(HasSubstr(std::string(kApiKey))));
  EXPECT_THAT(everything, testing::Not(HasSubstr(opened->session_id())));
}

TEST_F(SessionVaultTest, WritesDownWhoAskedForAForbiddenEndpointAndNotWhich) {
  const auto vault = NewReplica();
  pb::OpenSessionRequest request = Request();
  request.set_endpoint_url("http://169.254.169.254/v1");
  EXPECT_EQ(ReasonOf(Open(*vault, request).status()), Reason::kEndpointNotAllowed);
  EXPECT_EQ(
      Count(
          "audit_log a WHERE event = 'endpoint_refused' AND address = '203.0.113.7' AND a::text NOT LIKE '%169.254%'"),
      1);
  EXPECT_EQ(Count("demo_addresses"), 0);
}

TEST_F(SessionVaultTest, TellsItsState) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  pb::RecordConnectionTestRequest test;
  test.set_demo_session_id(*SessionHash(id));
  test.set_success(true);
  *test.mutable_latency() = ToProto(absl::Milliseconds(321));
  test.mutable_capabilities()->set_stream_usage(true);
  ASSERT_TRUE(Await(io_, vault->service.RecordConnectionTest(As("batch-runner"), test)).ok());
  auto session = *Get(*vault, id);
  EXPECT_EQ(session.session_id(), id);
  EXPECT_EQ(session.endpoint_url(), "https://api.together.xyz/v1");
  EXPECT_EQ(session.provider(), finetunelab::endpoint::v1::PROVIDER_TOGETHER);
  EXPECT_TRUE(session.connection_tested());
  EXPECT_EQ(FromProto(session.connection_latency()), absl::Milliseconds(321));
  EXPECT_TRUE(session.capabilities().stream_usage());
  EXPECT_FALSE(session.has_last_error());

  test.set_success(false);
  test.clear_latency();
  test.set_error("The key was refused.");
  ASSERT_TRUE(Await(io_, vault->service.RecordConnectionTest(As("batch-runner"), test)).ok());
  session = *Get(*vault, id);
  EXPECT_FALSE(session.connection_tested());
  EXPECT_EQ(session.last_error(), "The key was refused.");
}

TEST_F(SessionVaultTest, RefusesASecondSessionOfOneAddressAndSaysHowLong) {
  const auto vault = NewReplica();
  OpenId(*vault, "2001:db8:1:2::1");
  const absl::Status second = Open(*vault, Request("2001:db8:1:2:ffff::9")).status();
  EXPECT_EQ(ReasonOf(second), Reason::kActiveSessionExists);
  ASSERT_TRUE(RetryAfterOf(second).has_value());
  EXPECT_NEAR(absl::ToDoubleSeconds(*RetryAfterOf(second)), 3600, 30);
  EXPECT_TRUE(Open(*vault, Request("2001:db8:1:3::1")).ok());
}

TEST_F(SessionVaultTest, LetsExactlyAsManyInAsThereArePlacesHoweverManyComeAtOnceToSeveralReplicas) {
  const auto a = NewReplica(absl::Hours(1), 3);
  const auto b = NewReplica(absl::Hours(1), 3);
  int admitted = 0;
  int refused = 0;
  const auto try_one = [&](Replica& replica) -> asio::awaitable<int> {
    const auto opened = co_await replica.service.OpenSession(As("gateway"), Request());
    if (opened.ok()) ++admitted;
    if (ReasonOf(opened.status()) == Reason::kActiveSessionExists) ++refused;
    co_return 0;
  };
  const auto all = [&]() -> asio::awaitable<int> {
    for (int round = 0; round < 5; ++round) {
      co_await (try_one(*a) && try_one(*b) && try_one(*a) && try_one(*b));
    }
    co_return 0;
  };
  Await(io_, all());
  EXPECT_EQ(admitted, 3);
  EXPECT_EQ(refused, 17);
  EXPECT_EQ(Count("demo_model_configs"), 3);
}

TEST_F(SessionVaultTest, GivesThePlaceOfAnExpiredOrDeletedSessionToTheNextWithoutASweep) {
  const auto vault = NewReplica();
  const std::string expired = OpenId(*vault);
  Expire(expired);
  const std::string next = OpenId(*vault);
  EXPECT_EQ(ReasonOf(Open(*vault, Request()).status()), Reason::kActiveSessionExists);
  // The sweep takes the expired one away and must not count its place twice.
  EXPECT_EQ(SweepNow(*vault).sessions(), 1);
  EXPECT_EQ(ReasonOf(Open(*vault, Request()).status()), Reason::kActiveSessionExists);
  ASSERT_TRUE(Close(*vault, next).ok());
  EXPECT_TRUE(Open(*vault, Request()).ok());
}

TEST_F(SessionVaultTest, AnswersARepeatWithTheSameSessionAlsoFromAnotherReplicaAndAfterAChangeOfKeys) {
  const auto vault = NewReplica();
  pb::OpenSessionRequest request = Request();
  request.set_idempotency_key("once");
  const auto first = Open(*vault, request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto other =
      NewReplica(absl::Hours(1), 1, fmt::format("{},{}", ScratchKeys::kOtherMaster, ScratchKeys::kMaster));
  const auto repeat = Open(*other, request);
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_EQ(repeat->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Count("demo_model_configs"), 1);

  request.set_model_id("org/other");
  EXPECT_EQ(ReasonOf(Open(*vault, request).status()), Reason::kIdempotencyKeyReused);
}

class TwinsTest : public SessionVaultTest {
 protected:
  // The ids that three requests at once by one idempotency key are given, on two replicas.
  std::set<std::string> OpenAtOnce(int32_t per_address) {
    const auto a = NewReplica(absl::Hours(1), per_address);
    const auto b = NewReplica(absl::Hours(1), per_address);
    pb::OpenSessionRequest request = Request();
    request.set_idempotency_key("once");
    std::set<std::string> ids;
    const auto open = [&](Replica& replica) -> asio::awaitable<int> {
      const auto opened = co_await replica.service.OpenSession(As("gateway"), request);
      EXPECT_TRUE(opened.ok()) << opened.status();
      if (opened.ok()) ids.insert(opened->session_id());
      co_return 0;
    };
    const auto all = [&]() -> asio::awaitable<int> {
      co_await (open(*a) && open(*b) && open(*a));
      co_return 0;
    };
    Await(io_, all());
    return ids;
  }
};

TEST_F(TwinsTest, AreAnsweredWithOneSession) { EXPECT_EQ(OpenAtOnce(1).size(), 1u); }

// Where the rows of sessions stand on many servers, no index is unique by the key alone.
TEST_F(TwinsTest, AreAnsweredWithOneSessionWhereNoIndexForbidsTwo) {
  test_database_.Execute("DROP INDEX demo_session_expiry_idempotency_digest");
  EXPECT_EQ(OpenAtOnce(3).size(), 1u);
}

TEST_F(SessionVaultTest, OpensANewSessionForAKeyWhoseSessionIsGone) {
  const auto vault = NewReplica();
  pb::OpenSessionRequest request = Request();
  request.set_idempotency_key("once");
  const std::string first = Open(*vault, request)->session_id();
  ASSERT_TRUE(Close(*vault, first).ok());
  const auto second = Open(*vault, request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(second->session_id(), first);
  Expire(second->session_id());
  EXPECT_TRUE(Open(*vault, request).ok());
}

TEST_F(SessionVaultTest, TellsASessionThatIsOverFromOneThatNeverWas) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  Expire(id);
  EXPECT_EQ(ReasonOf(Get(*vault, id).status()), Reason::kSessionExpired);
  EXPECT_EQ(ReasonOf(Lend(*vault, id).status()), Reason::kSessionExpired);
  SweepNow(*vault);
  EXPECT_EQ(ReasonOf(Get(*vault, id).status()), Reason::kSessionExpired);
  EXPECT_EQ(ReasonOf(Lend(*vault, id).status()), Reason::kSessionExpired);
  const std::string never = "demo-" + std::string(64, '0');
  EXPECT_EQ(ReasonOf(Get(*vault, never).status()), Reason::kSessionNotFound);
  EXPECT_EQ(ReasonOf(Get(*vault, "demo-x").status()), Reason::kSessionNotFound);
  EXPECT_EQ(ReasonOf(Lend(*vault, never).status()), Reason::kSessionNotFound);
}

TEST_F(SessionVaultTest, SharesALimitBetweenReplicasAndSaysWhenThereIsMore) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  // Units are counted by the minute: not across its end.
  Sql("SELECT pg_sleep(60 - s) FROM extract(second FROM now()) AS s WHERE s > 54");
  pb::DrawQuotaRequest request;
  request.set_quota("requests_per_minute");
  request.set_subject("203.0.113.7");
  request.set_units(4);
  const auto draw = [&](Replica& replica) { return *Await(io_, replica.service.DrawQuota(As("gateway"), request)); };
  EXPECT_EQ(draw(*a).granted(), 4);
  EXPECT_EQ(draw(*b).granted(), 4);
  const auto rest = draw(*a);
  EXPECT_EQ(rest.granted(), 2);
  EXPECT_LE(FromProto(rest.retry_after()), absl::Minutes(1));
  EXPECT_EQ(draw(*b).granted(), 0);
  request.set_subject("203.0.113.8");
  EXPECT_EQ(draw(*b).granted(), 4);
  request.set_quota("nonsense");
  EXPECT_EQ(ReasonOf(Await(io_, a->service.DrawQuota(As("gateway"), request)).status()), Reason::kInvalidField);
}

}  // namespace
}  // namespace ftl::vault
