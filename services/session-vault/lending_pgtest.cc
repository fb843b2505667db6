#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/time/proto_time.h"
#include "services/session-vault/vault_fixture.h"

namespace ftl::vault {
namespace {

TEST_F(SessionVaultTest, NoticesAReplicaWithAnotherKeyFolder) {
  const auto vault = NewReplica();
  KeyFolder shared(vault->database, "shared");
  KeyFolder another(vault->database, "another");
  const auto claim = [&](KeyFolder& folder) { return Await(io_, folder.Claim(DeadlineIn(kLong))); };
  EXPECT_TRUE(claim(shared).ok());
  EXPECT_TRUE(claim(shared).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(claim(another)));
  Sql("UPDATE vault_key_folder SET seen_at = now() - interval '4 minutes'");
  EXPECT_TRUE(claim(another).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(claim(shared)));
}

TEST_F(SessionVaultTest, LendsToNobodyWhoGivesNothingToSealTo) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  pb::LendKeyRequest request;
  request.set_demo_session_id(*SessionHash(id));
  request.set_purpose(pb::LEND_PURPOSE_CONNECTION_TEST);
  for (const size_t bytes : {0, 31, 33}) {
    request.set_seal_to(std::string(bytes, 'k'));
    EXPECT_EQ(ReasonOf(Await(io_, vault->lending.Lend(As("batch-runner"), request)).status()), Reason::kInvalidField);
  }
  EXPECT_EQ(Count("audit_log WHERE event = 'key_lent'"), 0);
}

TEST_F(SessionVaultTest, LendsTheKeyToThoseItIsMeantForAndWritesItDownOnce) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  const auto lent = Lend(*vault, id);
  ASSERT_TRUE(lent.ok()) << lent.status();
  EXPECT_EQ(box_.Open(lent->sealed_api_key())->Reveal(), kApiKey);
  EXPECT_EQ(lent->endpoint_url(), "https://api.together.xyz/v1");
  EXPECT_LE(FromProto(lent->good_until()) - absl::Now(), KeyLending::kLoan + absl::Seconds(1));
  EXPECT_TRUE(Lend(*vault, id).ok());
  EXPECT_EQ(Count("audit_log WHERE event = 'key_lent' AND details->>'borrower' = 'batch-runner'"), 1);
  EXPECT_EQ(Count(fmt::format("audit_log a WHERE details->>'run_hash' = encode(sha256(uuid_send('{0}')), 'hex') "
                              "AND a::text NOT LIKE '%{0}%'",
                              kRunId)),
            1);
  EXPECT_TRUE(Lend(*vault, id, "analytics", pb::LEND_PURPOSE_ATLAS).ok());
  EXPECT_EQ(Count("audit_log WHERE event = 'key_lent'"), 2);
  for (const auto& [caller, purpose] : {std::pair("", pb::LEND_PURPOSE_RUN),
                                        {"gateway", pb::LEND_PURPOSE_RUN},
                                        {"export", pb::LEND_PURPOSE_ATLAS},
                                        {"analytics", pb::LEND_PURPOSE_RUN},
                                        {"batch-runner", pb::LEND_PURPOSE_ATLAS},
                                        {"batch-runner", pb::LEND_PURPOSE_UNSPECIFIED}}) {
    EXPECT_EQ(ReasonOf(Lend(*vault, id, caller, purpose).status()), Reason::kPermissionDenied) << caller;
  }
}

TEST_F(SessionVaultTest, NeverLendsALoanBeyondTheSession) {
  const auto vault = NewReplica(absl::Seconds(3));
  const auto opened = Open(*vault, Request());
  const auto lent = Lend(*vault, opened->session_id());
  ASSERT_TRUE(lent.ok()) << lent.status();
  EXPECT_EQ(FromProto(lent->good_until()), FromProto(opened->expires_at()));
}

TEST_F(SessionVaultTest, LendsNothingForARowThatWasMovedOrPointedElsewhere) {
  const auto vault = NewReplica();
  const std::string mine = OpenId(*vault, "203.0.113.1");
  const std::string theirs = OpenId(*vault, "203.0.113.2");
  Sql(
      fmt::format("UPDATE demo_model_configs SET api_key_encrypted = (SELECT api_key_encrypted FROM demo_model_configs "
                  "WHERE session_id = '{}') WHERE session_id = '{}'",
                  *SessionHash(theirs), *SessionHash(mine)));
  EXPECT_EQ(ReasonOf(Lend(*vault, mine).status()), Reason::kKeyForgotten);
  ASSERT_TRUE(Lend(*vault, theirs).ok());
  Sql(fmt::format("UPDATE demo_model_configs SET endpoint_url = 'https://api.openai.com/v1' WHERE session_id = '{}'",
                  *SessionHash(theirs)));
  EXPECT_EQ(ReasonOf(Lend(*vault, theirs).status()), Reason::kKeyForgotten);
}

TEST_F(SessionVaultTest, KeepsFurtherHeadersAsSecretAsTheKeyAndForgetsThemWithIt) {
  const auto vault = NewReplica();
  pb::OpenSessionRequest request = Request();
  (*request.mutable_headers())["X-Gate"] = "gate-secret-0123456789";
  (*request.mutable_headers())["Cookie"] = "a=b";
  const std::string id = Open(*vault, request)->session_id();
  EXPECT_EQ(box_.Open(Lend(*vault, id)->sealed_header_lines())->Reveal(),
            "Cookie: a=b\r\nX-Gate: gate-secret-0123456789\r\n");
  EXPECT_EQ(Count("demo_model_configs c WHERE c::text LIKE '%gate-secret%' OR c::text LIKE '%X-Gate%'"), 0);
  EXPECT_EQ(Count("demo_model_configs WHERE headers_encrypted IS NOT NULL"), 1);
  const std::string without = OpenId(*vault, "203.0.113.2");
  EXPECT_EQ(box_.Open(Lend(*vault, without)->sealed_header_lines())->Reveal(), "");
  EXPECT_NE(Lend(*vault, without)->pace_key(), Lend(*vault, id)->pace_key()) << "another header, another door";
  Sql(fmt::format("UPDATE demo_model_configs SET headers_encrypted = api_key_encrypted WHERE session_id = '{}'",
                  *SessionHash(without)));
  EXPECT_EQ(ReasonOf(Lend(*vault, without).status()), Reason::kKeyForgotten) << "a blob opens only in its column";
  pb::ForgetKeyRequest forget;
  forget.set_demo_session_id(*SessionHash(id));
  ASSERT_TRUE(Await(io_, vault->service.ForgetKey(As("batch-runner"), forget)).ok());
  EXPECT_EQ(
      Count(fmt::format("demo_model_configs WHERE session_id = '{}' AND headers_encrypted IS NULL", *SessionHash(id))),
      1);
}

TEST_F(SessionVaultTest, LendsAKeyNoMoreFromTheEndOfItsRunOnAndForgetsItInTheSweep) {
  const auto vault = NewReplica(absl::Hours(1), /*per_address=*/3);
  pb::OpenSessionRequest request = Request();
  request.set_forget_key_after_run(true);
  const std::string id = Open(*vault, request)->session_id();
  const std::string other = OpenId(*vault);
  AddRun(id, 2);
  AddRun(other, 2);
  Sql(fmt::format("UPDATE demo_batch_test_runs SET status = 'running', completed_at = NULL, total_prompts = 3"));
  SweepNow(*vault);
  EXPECT_FALSE(Get(*vault, id)->key_forgotten());
  EXPECT_TRUE(Lend(*vault, id).ok()) << "its run goes on";
  Sql("UPDATE demo_batch_test_runs SET status = 'cancelled', completed_at = now()");
  EXPECT_EQ(ReasonOf(Lend(*vault, id).status()), Reason::kKeyForgotten) << "nobody had to say so";
  EXPECT_TRUE(Get(*vault, id)->key_forgotten());
  EXPECT_EQ(Count("demo_model_configs WHERE api_key_encrypted IS NULL"), 0);
  SweepNow(*vault);
  EXPECT_EQ(Count("demo_model_configs WHERE api_key_encrypted IS NULL AND key_forgotten"), 1);
  EXPECT_EQ(Count("audit_log WHERE event = 'key_forgotten'"), 1);
  EXPECT_TRUE(Lend(*vault, other).ok()) << "it was not to be forgotten";
  EXPECT_EQ(Close(*vault, id)->deleted().results(), 2);
}

TEST_F(SessionVaultTest, GivesOnePaceKeyToAllSessionsWithTheSameEndpointAndKey) {
  const auto vault = NewReplica(absl::Hours(1), /*per_address=*/10);
  const auto pace_key = [&](const std::string& url, const std::string& key) {
    pb::OpenSessionRequest request = Request();
    request.set_endpoint_url(url);
    request.set_api_key(key);
    const auto lent = Lend(*vault, Open(*vault, request)->session_id());
    EXPECT_TRUE(lent.ok()) << lent.status();
    return lent->pace_key();
  };
  const std::string url = "https://api.together.xyz/v1";
  const std::string ours = pace_key(url, std::string(kApiKey));
  EXPECT_EQ(ours.size(), 64u);
  EXPECT_EQ(pace_key(url + "/chat/completions", std::string(kApiKey)), ours);
  EXPECT_NE(pace_key(url, "another-key"), ours);
  EXPECT_NE(pace_key("https://api.fireworks.ai/inference/v1", std::string(kApiKey)), ours);
}

TEST_F(SessionVaultTest, ForgetsTheKeyAndKeepsTheRest) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  AddRun(id, 2);
  pb::ForgetKeyRequest request;
  request.set_demo_session_id(*SessionHash(id));
  ASSERT_TRUE(Await(io_, vault->service.ForgetKey(As("batch-runner"), request)).ok());
  ASSERT_TRUE(Await(io_, vault->service.ForgetKey(As("batch-runner"), request)).ok());
  EXPECT_TRUE(Get(*vault, id)->key_forgotten());
  EXPECT_EQ(ReasonOf(Lend(*vault, id).status()), Reason::kKeyForgotten);
  EXPECT_EQ(Count("demo_model_configs WHERE api_key_encrypted IS NULL"), 1);
  EXPECT_TRUE(vault->keys.List()->empty());
  EXPECT_EQ(Count("audit_log WHERE event = 'key_forgotten'"), 1);
  const auto closed = Close(*vault, id);
  EXPECT_EQ(closed->deleted().results(), 2);
  EXPECT_LE(FromProto(closed->receipt().backups_unreadable_from()), absl::Now() + absl::Seconds(1));
}

}  // namespace
}  // namespace ftl::vault
