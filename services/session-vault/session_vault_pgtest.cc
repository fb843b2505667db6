#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/listener.h"
#include "common/error/refusal.h"
#include "common/secret/sealed_box.h"
#include "common/session/session_id.h"
#include "common/session/session_over.h"
#include "common/time/proto_time.h"
#include "services/session-vault/rpc/session_vault_service.h"
#include "services/session-vault/vault/key_lending.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::vault {
namespace {

using namespace boost::asio::experimental::awaitable_operators;
using testing::HasSubstr;

constexpr std::string_view kApiKey = "sk-live-never-to-be-seen-4242";
constexpr std::string_view kRunId = "b6a1c2d3-0000-4000-8000-000000000001";
constexpr absl::Duration kLong = absl::Seconds(20);

CallContext As(std::string caller) {
  CallContext call = OwnCall(kLong);
  call.caller = std::move(caller);
  return call;
}

// One replica of the service, on the test's own thread.
struct Replica {
  Replica(asio::io_context& io, const std::string& url, EpochKeys epoch_keys, absl::Duration life, int32_t per_address,
          std::function<absl::Time()> own_clock)
      : database(io.get_executor(), {.url = url, .role = "ftl_session_vault", .application_name = "tests"}),
        keys(std::move(epoch_keys)),
        admission(database, sessions, keys, {life, per_address}),
        clock(database, std::move(own_clock)),
        folder(database, "the mark of the test's folder"),
        sweep_clock(io.get_executor(), sweep, cleanups, keys, folder, clock),
        service(rpc::Serving(io.get_executor(), ""),
                {sessions, admission, cleanup, sweep, sweep_clock, quotas, retirement, keys, stored_keys,
                 AddressPolicy(), absl::Milliseconds(300)}) {}

  Database database;
  EpochKeys keys;
  SessionStore sessions{database};
  CleanupStore cleanups{database, /*audit_days=*/30};
  Admission admission;
  KeyRetirement retirement{database, keys};
  Cleanup cleanup{cleanups, retirement};
  DatabaseClock clock;
  Sweep sweep{database, cleanups, sessions, cleanup, retirement, clock};
  KeyFolder folder;
  SweepClock sweep_clock;
  Quotas quotas{database, {{"requests_per_minute", 10}}};
  KeyLending lending{sessions, keys, AddressPolicy()};
  StoredKeyStore stored_key_rows{database};
  StoredKeys stored_keys{stored_key_rows, keys.masters(), AddressPolicy()};
  SessionVaultService service;
};

class SessionVaultTest : public testing::Test {
 protected:
  std::unique_ptr<Replica> NewReplica(absl::Duration life = absl::Hours(1), int32_t per_address = 1,
                                      const std::string& masters = std::string(ScratchKeys::kMaster),
                                      absl::Duration clock_is_off = absl::ZeroDuration(), std::string folder = {}) {
    if (folder.empty()) folder = scratch_.path();
    EpochKeys keys(*KeyDirectory::Open(folder), *MasterKeys::Parse(Secret(masters)), absl::Minutes(15), life);
    return std::make_unique<Replica>(io_, test_database_.url(), std::move(keys), life, per_address,
                                     [clock_is_off] { return absl::Now() + clock_is_off; });
  }

  static pb::OpenSessionRequest Request(const std::string& address = "203.0.113.7") {
    pb::OpenSessionRequest request;
    request.set_endpoint_url("https://api.together.xyz/v1");
    request.set_api_key(std::string(kApiKey));
    request.set_model_id("org/model");
    request.set_client_address(address);
    return request;
  }

  absl::StatusOr<pb::OpenSessionResponse> Open(Replica& replica, const pb::OpenSessionRequest& request) {
    return Await(io_, replica.service.OpenSession(As("gateway"), request));
  }
  std::string OpenId(Replica& replica, const std::string& address = "203.0.113.7") {
    const auto opened = Open(replica, Request(address));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? opened->session_id() : "";
  }
  absl::StatusOr<pb::GetSessionResponse> Get(Replica& replica, const std::string& id) {
    pb::GetSessionRequest request;
    request.set_session_id(id);
    return Await(io_, replica.service.GetSession(As("gateway"), request));
  }
  absl::StatusOr<pb::CloseSessionResponse> Close(Replica& replica, const std::string& id,
                                                 pb::CloseWhen when = pb::CLOSE_WHEN_NOW) {
    pb::CloseSessionRequest request;
    request.set_session_id(id);
    request.set_when(when);
    return Await(io_, replica.service.CloseSession(As("gateway"), request));
  }
  absl::StatusOr<pb::LendKeyResponse> Lend(Replica& replica, const std::string& id,
                                           const std::string& caller = "batch-runner",
                                           pb::LendPurpose purpose = pb::LEND_PURPOSE_RUN) {
    pb::LendKeyRequest request;
    request.set_demo_session_id(*SessionHash(id));
    request.set_purpose(purpose);
    if (purpose == pb::LEND_PURPOSE_RUN) request.set_test_run_id(std::string(kRunId));
    request.set_seal_to(std::string(box_.public_key()));
    return Await(io_, replica.lending.Lend(As(caller), request));
  }
  pb::SweepSessionsResponse SweepNow(Replica& replica) {
    return *Await(io_, replica.service.SweepSessions(As(""), pb::SweepSessionsRequest()));
  }

  // As the superuser, past row security.
  Rows Sql(const std::string& sql) {
    auto rows = Await(io_, superuser_.Run(DeadlineIn(kLong), SessionScope::None(), Query{"", sql}));
    EXPECT_TRUE(rows.ok()) << rows.status() << " " << sql;
    return *std::move(rows);
  }
  int64_t Count(const std::string& from) { return Sql("SELECT count(*) AS n FROM " + from).Only().Get<int64_t>("n"); }
  void Expire(const std::string& id) {
    const std::string hash = *SessionHash(id);
    Sql(fmt::format(
        "UPDATE demo_model_configs SET created_at = now() - interval '2 h', expires_at = now() - interval '1 s' "
        "WHERE session_id = '{}'",
        hash));
    Sql(fmt::format("UPDATE demo_session_expiry SET expires_at = now() - interval '1 s' WHERE demo_session_id = '{}'",
                    hash));
  }
  // A run of the session with `results` results.
  void AddRun(const std::string& id, int results) {
    const std::string hash = *SessionHash(id);
    const std::string run = Sql(fmt::format("INSERT INTO demo_batch_test_runs (demo_session_id, demo_user_id, "
                                            "test_suite_id, model_name, status, total_prompts, "
                                            "completed_prompts, last_sequence, completed_at) VALUES ('{0}', '{0}', "
                                            "gen_random_uuid(), 'm', 'completed', {1}, {1}, "
                                            "{1}, now()) RETURNING id::text",
                                            hash, results))
                                .Only()
                                .Get<std::string>("id");
    Sql(fmt::format(
        "INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, "
        "model_id) SELECT '{}', '{}', n, n, 'p', true, 'm' FROM generate_series(1, {}) n",
        hash, run, results));
  }

  ScratchKeys scratch_;
  TestDatabase test_database_;
  asio::io_context io_;
  SealedBox box_;
  Database superuser_{io_.get_executor(), {.url = test_database_.url(), .application_name = "superuser"}};
};

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

TEST_F(SessionVaultTest, AnswersTwoTwinsAtOnceWithOneSession) {
  const auto a = NewReplica();
  const auto b = NewReplica();
  pb::OpenSessionRequest request = Request();
  request.set_idempotency_key("once");
  std::set<std::string> ids;
  const auto open = [&](Replica& replica) -> asio::awaitable<int> {
    const auto opened = co_await replica.service.OpenSession(As("gateway"), request);
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (opened.ok()) ids.insert(opened->session_id());
    co_return 0;
  };
  const auto both = [&]() -> asio::awaitable<int> {
    co_await (open(*a) && open(*b) && open(*a));
    co_return 0;
  };
  Await(io_, both());
  EXPECT_EQ(ids.size(), 1u);
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

TEST_F(SessionVaultTest, DeletesEverythingOfASessionAndNothingOfOthers) {
  const auto vault = NewReplica();
  const std::string mine = OpenId(*vault, "203.0.113.1");
  const std::string theirs = OpenId(*vault, "203.0.113.2");
  AddRun(mine, 7);
  AddRun(mine, 3);
  AddRun(theirs, 5);
  Lend(*vault, mine).IgnoreError();
  const auto closed = Close(*vault, mine);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_TRUE(closed->success());
  EXPECT_EQ(closed->message(), "Session data deleted successfully");
  EXPECT_TRUE(closed->deleted().config());
  EXPECT_EQ(closed->deleted().test_runs(), 2);
  EXPECT_EQ(closed->deleted().results(), 10);
  EXPECT_EQ(closed->receipt().counted_after(), 0);
  EXPECT_EQ(Count("demo_batch_test_results"), 5);
  EXPECT_EQ(Count("demo_model_configs"), 1);
  EXPECT_EQ(Count("demo_addresses WHERE address = '203.0.113.1'"), 0);
  EXPECT_EQ(ReasonOf(Get(*vault, mine).status()), Reason::kSessionExpired);
  EXPECT_TRUE(Get(*vault, theirs).ok());
  EXPECT_EQ(Count("audit_log WHERE event = 'session_deleted'"), 1);
}

TEST_F(SessionVaultTest, WaitsForAResultThatIsJustBeingStoredAndCountsItToo) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  AddRun(id, 3);
  bool stored = false;
  const auto store_slowly = [&](Transaction& storing) -> Task<> {
    CO_TRY(co_await storing.Run({"", R"(
        INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, model_id)
        SELECT demo_session_id, id, 4, 4, 'p', true, 'm' FROM demo_batch_test_runs)"}));
    CO_TRY(co_await storing.Run({"", R"(
        UPDATE demo_batch_test_runs SET total_prompts = 4, completed_prompts = 4, last_sequence = 4)"}));
    stored = true;
    while (true) {
      CO_TRY(const Rows waiting, co_await storing.Run({"", "SELECT FROM pg_locks WHERE NOT granted"}));
      if (!waiting.empty()) co_return absl::OkStatus();
    }
  };
  pb::CloseSessionRequest close;
  close.set_session_id(id);
  absl::StatusOr<pb::CloseSessionResponse> closed = absl::UnknownError("not yet");
  const auto both = [&]() -> asio::awaitable<int> {
    const auto store = [&]() -> asio::awaitable<int> {
      const absl::Status status = co_await superuser_.Transact(DeadlineIn(kLong), SessionScope::None(), store_slowly);
      EXPECT_TRUE(status.ok()) << status;
      co_return 0;
    };
    const auto delete_meanwhile = [&]() -> asio::awaitable<int> {
      while (!stored) co_await asio::post(io_, asio::use_awaitable);
      closed = co_await vault->service.CloseSession(As("gateway"), close);
      co_return 0;
    };
    co_await (store() && delete_meanwhile());
    co_return 0;
  };
  Await(io_, both());
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->deleted().results(), 4);
  EXPECT_EQ(Count("demo_batch_test_results"), 0);
}

TEST_F(SessionVaultTest, SaysThatNothingWasLeftTheSecondTimeAndForStrangers) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  ASSERT_TRUE(Close(*vault, id)->has_receipt());
  for (const std::string& gone : {id, "demo-" + std::string(64, '0'), std::string("nonsense")}) {
    const auto again = Close(*vault, gone);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->success());
    EXPECT_EQ(again->message(), "Nothing was left to delete");
    EXPECT_FALSE(again->deleted().config());
    EXPECT_FALSE(again->has_receipt());
  }
}

TEST_F(SessionVaultTest, CountsARowOfEveryTableThatASessionHas) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  const int64_t before = *Await(io_, vault->cleanups.CountLeft(DeadlineIn(kLong), *SessionHash(id)));
  AddRun(id, 4);
  EXPECT_EQ(*Await(io_, vault->cleanups.CountLeft(DeadlineIn(kLong), *SessionHash(id))), before + 5);
  // Whatever names a session is counted: a table added later fails here until the clean-up knows it.
  const Rows tables =
      Sql(R"(SELECT string_agg(table_name, ' ' ORDER BY table_name) AS names FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name = 'demo_session_id'
        AND table_name NOT IN ('audit_log', 'demo_ended_sessions', 'demo_ended_runs'))");
  EXPECT_EQ(
      tables.Only().Get<std::string>("names"),
      "demo_batch_test_results demo_batch_test_runs demo_download_tokens demo_endpoint_pace demo_run_leases "
      "demo_run_orders demo_run_prompts demo_run_returned demo_search_progress demo_search_texts demo_session_expiry "
      "demo_session_suites");
}

TEST_F(SessionVaultTest, AnOldBackupAndTheMasterKeyDoNotOpenADeletedSessionsKey) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  const absl::Time before = absl::Now();
  const ScratchKeys folder_of_then;
  std::filesystem::copy(scratch_.path(), folder_of_then.path(), std::filesystem::copy_options::recursive);
  Sql("CREATE TABLE backup_configs AS SELECT * FROM demo_model_configs");
  Sql("CREATE TABLE backup_expiry AS SELECT * FROM demo_session_expiry");
  const auto restore = [&] {
    Sql("INSERT INTO demo_model_configs SELECT * FROM backup_configs");
    Sql("INSERT INTO demo_session_expiry SELECT * FROM backup_expiry");
  };
  const auto closed = Close(*vault, id);
  ASSERT_TRUE(closed.ok()) << closed.status();
  const absl::Time unreadable_from = FromProto(closed->receipt().backups_unreadable_from());
  EXPECT_GE(unreadable_from, before - absl::Seconds(1));
  EXPECT_LE(unreadable_from, absl::Now() + absl::Seconds(1)) << "the only session of its epoch: at once";

  restore();
  const auto restored = NewReplica();
  EXPECT_TRUE(Get(*restored, id).ok());
  EXPECT_EQ(ReasonOf(Lend(*restored, id).status()), Reason::kKeyForgotten);

  const auto control =
      NewReplica(absl::Hours(1), 1, std::string(ScratchKeys::kMaster), absl::ZeroDuration(), folder_of_then.path());
  const auto lent = Lend(*control, id);
  ASSERT_TRUE(lent.ok()) << "the same restore beside the key folder of that moment opens: " << lent.status();
  EXPECT_EQ(box_.Open(lent->sealed_api_key())->Reveal(), kApiKey);
}

TEST_F(SessionVaultTest, KeepsTheEpochKeyWhileAnotherSessionNeedsItAndSaysUntilWhen) {
  const auto vault = NewReplica();
  const std::string mine = OpenId(*vault, "203.0.113.1");
  const std::string theirs = OpenId(*vault, "203.0.113.2");
  const KeyId key = vault->keys.List()->front();
  const auto closed = Close(*vault, mine);
  EXPECT_EQ(FromProto(closed->receipt().backups_unreadable_from()), key.dies_at);
  EXPECT_LE(key.dies_at, absl::Now() + absl::Minutes(75));
  EXPECT_TRUE(Lend(*vault, theirs).ok());
  EXPECT_EQ(SweepNow(*vault).sessions(), 0);
  EXPECT_TRUE(Lend(*vault, theirs).ok());
  ASSERT_TRUE(Close(*vault, theirs).ok());
  EXPECT_TRUE(vault->keys.List()->empty());
}

TEST_F(SessionVaultTest, JudgesKeysByTheClockOfTheDatabase) {
  const auto right = NewReplica();
  const std::string id = OpenId(*right);
  const KeyId live = right->keys.List()->front();
  const KeyId overdue = right->keys.KeyAt(absl::Now() - absl::Hours(3))->id;
  for (const absl::Duration off : {absl::Hours(2), -absl::Hours(2), absl::Seconds(90)}) {
    const auto wrong = NewReplica(absl::Hours(1), 1, std::string(ScratchKeys::kMaster), off);
    EXPECT_EQ(wrong->clock.Now(), std::nullopt) << "nothing is known before the first answer";
    wrong->sweep_clock.Start();
    SweepNow(*wrong);
    EXPECT_TRUE(Await(io_, wrong->sweep_clock.Stop()).ok());
    EXPECT_EQ(wrong->clock.Now(), std::nullopt);
    EXPECT_EQ(right->keys.List()->size(), 2u) << off;
    EXPECT_TRUE(Lend(*right, id).ok()) << off;
  }
  const auto nearly = NewReplica(absl::Hours(1), 1, std::string(ScratchKeys::kMaster), absl::Seconds(30));
  SweepNow(*nearly);
  EXPECT_LT(absl::AbsDuration(*nearly->clock.Now() - absl::Now()), absl::Seconds(2)) << "not its own";
  EXPECT_EQ(right->keys.List()->size(), 1u);
  EXPECT_FALSE(right->keys.Find(overdue).ok());
  EXPECT_TRUE(right->keys.Find(live).ok());
  EXPECT_TRUE(Lend(*right, id).ok());
}

TEST_F(SessionVaultTest, NeverDestroysTheKeyOfASessionThatIsJustBeingOpened) {
  const auto a = NewReplica(absl::Hours(1), 1000);
  const auto b = NewReplica(absl::Hours(1), 1000);
  std::vector<std::string> opened;
  const auto open_and_close = [&](Replica& replica) -> asio::awaitable<int> {
    for (int i = 0; i < 15; ++i) {
      const auto session = co_await replica.service.OpenSession(As("gateway"), Request());
      EXPECT_TRUE(session.ok()) << session.status();
      if (!session.ok()) continue;
      pb::LendKeyRequest borrow;
      borrow.set_seal_to(std::string(box_.public_key()));
      borrow.set_demo_session_id(*SessionHash(session->session_id()));
      borrow.set_purpose(pb::LEND_PURPOSE_RUN);
      EXPECT_TRUE((co_await replica.lending.Lend(As("batch-runner"), borrow)).ok());
      pb::CloseSessionRequest close;
      close.set_session_id(session->session_id());
      EXPECT_TRUE((co_await replica.service.CloseSession(As("gateway"), close)).ok());
    }
    co_return 0;
  };
  const auto all = [&]() -> asio::awaitable<int> {
    co_await (open_and_close(*a) && open_and_close(*b) && open_and_close(*a) && open_and_close(*b));
    co_return 0;
  };
  Await(io_, all());
  SweepNow(*a);
  EXPECT_TRUE(a->keys.List()->empty());
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

TEST_F(SessionVaultTest, TellsWhoeverHoldsTheKeyWhenItsSessionIsOver) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  Listener listener({.url = test_database_.url()}, {std::string(kSessionOverChannel)});
  ASSERT_TRUE(Await(io_, listener.Next(DeadlineIn(kLong)))->may_have_missed);
  ASSERT_TRUE(Close(*vault, id).ok());
  const auto told = Await(io_, listener.Next(DeadlineIn(kLong)));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->payload, *SessionHash(id));
}

TEST_F(SessionVaultTest, SweepsWhatIsOverAndLeavesTheRest) {
  const auto vault = NewReplica();
  const std::string over = OpenId(*vault, "203.0.113.1");
  const std::string lives = OpenId(*vault, "203.0.113.2");
  AddRun(over, 3);
  Expire(over);
  const auto swept = SweepNow(*vault);
  EXPECT_EQ(swept.sessions(), 1);
  EXPECT_EQ(swept.configs(), 1);
  EXPECT_EQ(swept.runs(), 1);
  EXPECT_EQ(swept.results(), 3);
  EXPECT_EQ(swept.failed(), 0);
  EXPECT_TRUE(Get(*vault, lives).ok());
  EXPECT_EQ(Count("demo_ended_sessions WHERE reason = 'expired'"), 1);
}

TEST_F(SessionVaultTest, KeepsTheAuditLogForAMonthAndEndsWithTheirRunsForADay) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  AddRun(id, 3);
  const std::string run = Sql("SELECT id::text AS id FROM demo_batch_test_runs").Only().Get<std::string>("id");
  const auto session_of_run = [&] {
    const Rows rows = Sql(fmt::format("SELECT session_of_run('{}') AS session", run));
    return rows.Only().Get<std::optional<std::string>>("session");
  };
  ASSERT_TRUE(Close(*vault, id).ok());
  EXPECT_EQ(session_of_run(), SessionHash(id));
  Sql("UPDATE audit_log SET at = now() - interval '30 days 1 hour' WHERE event = 'session_opened'");
  Sql("UPDATE demo_ended_sessions SET ended_at = now() - interval '24 hours 1 second'");
  SweepNow(*vault);
  EXPECT_EQ(session_of_run(), std::nullopt);
  EXPECT_EQ(Count("demo_ended_runs"), 0);
  EXPECT_EQ(Count("audit_log WHERE event = 'session_opened'"), 0);
  EXPECT_EQ(Count("audit_log WHERE event = 'session_deleted'"), 1);
}

TEST_F(SessionVaultTest, SweepsTheOthersWhereOneSessionFailsToGo) {
  const auto vault = NewReplica(absl::Hours(1), 10);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(OpenId(*vault));
  for (const std::string& id : ids) Expire(id);
  Sql(fmt::format(R"(CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF OLD.session_id = '{}' THEN RAISE EXCEPTION 'stuck'; END IF; RETURN OLD; END $$)",
                  *SessionHash(ids[2])));
  Sql("CREATE TRIGGER stuck BEFORE DELETE ON demo_model_configs FOR EACH ROW EXECUTE FUNCTION refuse()");
  auto swept = SweepNow(*vault);
  EXPECT_EQ(swept.sessions(), 4);
  EXPECT_EQ(swept.failed(), 1);
  Sql("DROP TRIGGER stuck ON demo_model_configs");
  swept = SweepNow(*vault);
  EXPECT_EQ(swept.sessions(), 1);
  EXPECT_EQ(swept.failed(), 0);
}

TEST_F(SessionVaultTest, DeletesAnAbandonedSessionAfterItsGraceByItself) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  const auto said = Close(*vault, id, pb::CLOSE_WHEN_IF_ABANDONED);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_FALSE(said->deleted().config());
  vault->sweep_clock.Start();
  for (const Deadline until = DeadlineIn(kLong);
       Count("demo_model_configs") > 0 && TimeLeft(until) > absl::ZeroDuration();) {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(Count("demo_ended_sessions WHERE reason = 'abandoned'"), 1);
  EXPECT_TRUE(Await(io_, vault->sweep_clock.Stop()).ok());
}

TEST_F(SessionVaultTest, KeepsAnAbandonedSessionThatIsUsedAgain) {
  const auto vault = NewReplica();
  const std::string id = OpenId(*vault);
  ASSERT_TRUE(Close(*vault, id, pb::CLOSE_WHEN_IF_ABANDONED).ok());
  ASSERT_TRUE(Get(*vault, id).ok());
  Sql("SELECT pg_sleep(0.5)");
  EXPECT_EQ(SweepNow(*vault).sessions(), 0);
  EXPECT_TRUE(Get(*vault, id).ok());
}

TEST_F(SessionVaultTest, SweepsAtTheStartAndWhenASessionExpires) {
  const auto vault = NewReplica(absl::Seconds(2));
  vault->sweep_clock.Start();
  OpenId(*vault);
  for (const Deadline until = DeadlineIn(kLong);
       Count("demo_model_configs") > 0 && TimeLeft(until) > absl::ZeroDuration();) {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(Count("demo_ended_sessions WHERE reason = 'expired' AND ended_at < now() + interval '1 s'"), 1);
  EXPECT_TRUE(Await(io_, vault->sweep_clock.Stop()).ok());
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

TEST_F(SessionVaultTest, WrapsEpochKeysAnewWhileSessionsLive) {
  const auto before = NewReplica();
  const std::string id = OpenId(*before);
  const auto during =
      NewReplica(absl::Hours(1), 1, fmt::format("{},{}", ScratchKeys::kOtherMaster, ScratchKeys::kMaster));
  const auto rewrapped = Await(io_, during->service.RewrapKeys(As(""), pb::RewrapKeysRequest()));
  ASSERT_TRUE(rewrapped.ok()) << rewrapped.status();
  EXPECT_EQ(rewrapped->rewrapped(), 1);
  const auto after = NewReplica(absl::Hours(1), 1, std::string(ScratchKeys::kOtherMaster));
  EXPECT_TRUE(Lend(*after, id).ok());
}

}  // namespace
}  // namespace ftl::vault
