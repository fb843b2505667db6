#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/listener.h"
#include "common/error/refusal.h"
#include "common/session/session_over.h"
#include "common/time/proto_time.h"
#include "services/session-vault/vault_fixture.h"

namespace ftl::vault {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

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
