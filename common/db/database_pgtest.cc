#include "common/db/database.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_future.hpp>

#include "common/error/refusal.h"
#include "common/observe/metrics.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

constexpr Query kOne{"test.one", "SELECT 1 AS one"};
constexpr Query kMake{"test.make", "CREATE TABLE things (id integer PRIMARY KEY, word text)"};
constexpr Query kAdd{"test.add", "INSERT INTO things VALUES ($1, $2)"};
constexpr Query kCount{"test.count", "SELECT count(*) AS n FROM things"};
constexpr Query kSleep{"test.sleep", "SELECT pg_sleep($1)"};

class DatabaseTest : public testing::Test {
 protected:
  DatabaseSettings Settings(int max_connections) const {
    return {.url = test_database_.url(), .application_name = "tests", .max_connections = max_connections};
  }
  absl::StatusOr<Rows> Run(Query query, Params params = {}) {
    return Await(io_, database_.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), query, std::move(params)));
  }
  absl::StatusOr<std::vector<Rows>> RunAll(std::vector<Statement> statements) {
    return Await(io_, database_.RunAll(DeadlineIn(absl::Seconds(5)), SessionScope::None(), std::move(statements)));
  }

  TestDatabase test_database_;
  asio::io_context io_;
  Database database_{io_.get_executor(), Settings(2)};
};

TEST_F(DatabaseTest, GivesBackEveryKindOfValueAsItWent) {
  const absl::Time moment = absl::FromUnixMicros(1767225600123456);
  constexpr Query kEcho{"test.echo", R"(
    SELECT $1::text AS word, $2::bigint AS big, $3::integer AS small, $4::float8 AS real, $5::boolean AS truth,
           $6::timestamptz AS moment, $7::text AS nothing, $8::uuid AS id, $9::text[] AS words, 'infinity'::timestamptz AS never)"};
  const auto rows = Run(kEcho, Params("it's \"ö\"", int64_t{1} << 60, -7, 0.1, true, moment,
                                      std::optional<std::string>(), "b6a1c2d3-0000-4000-8000-000000000001",
                                      std::vector<std::string>{"plain", "with, comma", "a \"quote\" \\", "", "NULL"}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  const Row row = rows->Only();
  EXPECT_EQ(row.Get<std::string>("word"), "it's \"ö\"");
  EXPECT_EQ(row.Get<int64_t>("big"), int64_t{1} << 60);
  EXPECT_EQ(row.Get<int32_t>("small"), -7);
  EXPECT_EQ(row.Get<double>("real"), 0.1);
  EXPECT_TRUE(row.Get<bool>("truth"));
  EXPECT_EQ(row.Get<absl::Time>("moment"), moment);
  EXPECT_EQ(row.Get<absl::Time>("never"), absl::InfiniteFuture());
  EXPECT_EQ(row.Get<std::optional<std::string>>("nothing"), std::nullopt);
  EXPECT_EQ(row.Get<std::string_view>("id"), "b6a1c2d3-0000-4000-8000-000000000001");
  EXPECT_THAT(row.Get<std::vector<std::string>>("words"),
              testing::ElementsAre("plain", "with, comma", "a \"quote\" \\", "", "NULL"));
}

TEST_F(DatabaseTest, SendsColumnsAsArraysForUnnest) {
  constexpr Query kUnnest{"test.unnest", R"(
    SELECT * FROM unnest($1::int[], $2::text[], $3::float8[], $4::boolean[], $5::timestamptz[], $6::jsonb[])
      AS t (id, word, real, truth, moment, document) ORDER BY id)"};
  const absl::Time moment = absl::FromUnixMicros(1767225600123456);
  const auto rows =
      Run(kUnnest, Params(std::vector<int>{1, 2}, std::vector<std::optional<std::string>>{"a", std::nullopt},
                          std::vector<double>{0.5, -1}, std::vector<bool>{true, false},
                          std::vector<absl::Time>{moment, absl::InfinitePast()},
                          std::vector<std::string>{R"({"k": 1})", "null"}));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2);
  EXPECT_EQ((*rows)[0].Get<std::string>("word"), "a");
  EXPECT_TRUE((*rows)[1].IsNull("word"));
  EXPECT_EQ((*rows)[1].Get<double>("real"), -1);
  EXPECT_TRUE((*rows)[0].Get<bool>("truth"));
  EXPECT_EQ((*rows)[0].Get<absl::Time>("moment"), moment);
  EXPECT_EQ((*rows)[1].Get<absl::Time>("moment"), absl::InfinitePast());
  EXPECT_EQ((*rows)[0].Get<std::string>("document"), R"({"k": 1})");
}

TEST_F(DatabaseTest, IsLoudAboutAColumnThatIsMissingNullOrOfAnotherType) {
  const auto rows = Run({"test.faults", "SELECT 1::bigint AS big, null::text AS nothing"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THROW(rows->Only().Get<int64_t>("bigg"), ColumnFault);
  EXPECT_THROW(rows->Only().Get<int32_t>("big"), ColumnFault);
  EXPECT_THROW(rows->Only().Get<std::string>("nothing"), ColumnFault);
}

TEST_F(DatabaseTest, APipelineIsOneTransaction) {
  ASSERT_TRUE(Run(kMake).ok());
  const auto failed = RunAll({{kAdd, Params(1, "a")}, {kAdd, Params(1, "again")}, {kAdd, Params(2, "b")}});
  EXPECT_TRUE(IsUniqueViolation(failed.status(), "things_pkey")) << failed.status();
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Run(kCount)->Only().Get<int64_t>("n"), 0);

  const auto done = RunAll({{kAdd, Params(1, "a")}, {kAdd, Params(2, "b")}, {kCount, {}}});
  ASSERT_TRUE(done.ok()) << done.status();
  ASSERT_EQ(done->size(), 3u);
  EXPECT_EQ((*done)[0].affected(), 1);
  EXPECT_EQ((*done)[2].Only().Get<int64_t>("n"), 2);
}

TEST_F(DatabaseTest, AUnitThatFailsLeavesItsConnectionToTheNext) {
  constexpr Query kServer{"test.server", "SELECT pg_backend_pid() AS pid"};
  Database database(io_.get_executor(), Settings(1));
  const Deadline deadline = DeadlineIn(absl::Seconds(5));
  const auto server = [&] {
    const auto rows = Await(io_, database.Run(deadline, SessionScope("aa"), kServer));
    return rows.ok() ? rows->Only().Get<int32_t>("pid") : 0;
  };
  const int32_t before = server();
  ASSERT_NE(before, 0);
  const auto failed =
      Await(io_, database.Run(deadline, SessionScope("aa"), {"test.zero", "SELECT 1 / ($1::int - 1)"}, Params(1)));
  EXPECT_TRUE(IsDataFault(failed.status()));
  EXPECT_EQ(server(), before);
}

TEST_F(DatabaseTest, TheUrlsOptionsStandAboveTheModulesAndBelowWhatIsBuiltOn) {
  DatabaseSettings settings = test_database_.As("ftl_export");
  settings.server_settings = "-c plan_cache_mode=force_generic_plan";
  settings.url += " options='-c plan_cache_mode=auto -c timezone=Asia/Tokyo -c role=ftl_owner'";
  Database database(io_.get_executor(), settings);
  constexpr Query kSettings{"test.settings", R"(
    SELECT concat_ws(' ', current_setting('plan_cache_mode'), current_setting('timezone'), current_user) AS settings)"};
  const auto rows = Await(io_, database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSettings));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->Only().Get<std::string>("settings"), "auto UTC ftl_export");
}

TEST_F(DatabaseTest, SendsAndReceivesMoreThanTheSocketsHold) {
  constexpr Query kRepeat{"test.repeat", "SELECT $1::text || repeat('y', 3000000) AS text"};
  std::vector<Statement> statements;
  for (int i = 0; i < 4; ++i) statements.push_back({kRepeat, Params(std::string(3'000'000, 'x'))});
  const auto rows = RunAll(std::move(statements));
  ASSERT_TRUE(rows.ok()) << rows.status();
  for (const Rows& one : *rows) EXPECT_EQ(one.Only().Get<std::string_view>("text").size(), 6'000'000u);
}

TEST_F(DatabaseTest, NeverRepeatsAValueInAnError) {
  const auto rows = Run({"test.bad", "SELECT $1::uuid"}, Params("my-secret-value"));
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(SqlStateOf(rows.status()), "22P02");
  EXPECT_THAT(std::string(rows.status().message()), testing::Not(testing::HasSubstr("my-secret-value")));
}

TEST_F(DatabaseTest, BlamesDataForWhatWouldBeRefusedAgainAndNothingElse) {
  EXPECT_TRUE(IsDataFault(Run({"test.cast", "SELECT $1::uuid"}, Params("no uuid")).status()));
  EXPECT_TRUE(IsDataFault(Run({"test.zero", "SELECT 1 / ($1::int - 1)"}, Params(1)).status()));
  EXPECT_FALSE(IsDataFault(Run({"test.missing", "SELECT $1::int FROM no_such_table"}, Params(1)).status()));
  EXPECT_FALSE(IsDataFault(Run({"test.right", "SELECT $1::int, lo_import('/nowhere')"}, Params(1)).status()));
  EXPECT_FALSE(IsDataFault(absl::InternalError("not the database's")));
}

TEST_F(DatabaseTest, ShowsASessionOnlyForTheUnitOfWorkThatNamedIt) {
  constexpr Query kScope{"test.scope", "SELECT coalesce(current_setting('ftl.sessions', true), '') AS sessions"};
  Database database(io_.get_executor(), Settings(1));
  const Deadline deadline = DeadlineIn(absl::Seconds(5));
  const auto scoped =
      Await(io_, database.Run(deadline, SessionScope(std::vector<std::string>{"aa", "bb", "x,cc"}), kScope));
  EXPECT_EQ(scoped->Only().Get<std::string>("sessions"), "aa,bb");
  EXPECT_EQ(Await(io_, database.Run(deadline, SessionScope::None(), kScope))->Only().Get<std::string>("sessions"), "");
}

TEST_F(DatabaseTest, GivesUpAtTheDeadlineAndGoesOnWithAnotherConnection) {
  const auto late =
      Await(io_, database_.Run(DeadlineIn(absl::Milliseconds(50)), SessionScope::None(), kSleep, Params(30)));
  EXPECT_EQ(ReasonOf(late.status()), Reason::kDeadlineExceeded);
  EXPECT_EQ(database_.use().open, 0);
  EXPECT_TRUE(Run(kOne).ok());
}

TEST_F(DatabaseTest, NoStatementRunsOnOrWaitsForALockWhenNobodyWaitsForIt) {
  constexpr Query kLock{"test.lock", "SELECT pg_advisory_xact_lock(7)"};
  bool is_held = true;
  auto hold = [&]() -> asio::awaitable<void> {
    std::vector<Statement> statements = {{kLock, {}}, {kSleep, Params(12)}};
    (void)co_await database_.RunAll(DeadlineIn(absl::Seconds(20)), SessionScope::None(), std::move(statements));
    is_held = false;
  };
  asio::co_spawn(io_, hold(), asio::detached);
  Database others(io_.get_executor(), Settings(3));
  const auto run = [&](Query query, Params params, absl::Duration limit) {
    return Await(io_, others.Run(DeadlineIn(limit), SessionScope::None(), query, std::move(params)));
  };
  const auto count = [&](std::string_view of) {
    const Query query{"", of};
    return run(query, {}, absl::Seconds(5))->Only().Get<int64_t>("n");
  };
  while (count("SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND granted") == 0) continue;

  EXPECT_FALSE(run(kSleep, Params(30), absl::Seconds(1)).ok());
  EXPECT_FALSE(run(kLock, {}, absl::Seconds(1)).ok());
  const auto active = [&] {
    return count(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND "
        "pid <> pg_backend_pid()");
  };
  EXPECT_EQ(active(), 3) << "who holds the lock, and the two that were given up";
  const Deadline patience = DeadlineIn(absl::Seconds(8));
  while (active() > 1 && TimeLeft(patience) > absl::ZeroDuration()) absl::SleepFor(absl::Milliseconds(200));
  EXPECT_TRUE(is_held);
  EXPECT_EQ(active(), 1);
  while (is_held) count("SELECT count(pg_sleep(0.1)) AS n");
}

TEST_F(DatabaseTest, DropsAConnectionWhoseWorkWasCancelled) {
  auto cancelled = [this]() -> asio::awaitable<bool> {
    asio::steady_timer timer(io_, std::chrono::milliseconds(50));
    const auto first =
        co_await (database_.Run(DeadlineIn(absl::Seconds(30)), SessionScope::None(), kSleep, Params(30)) ||
                  timer.async_wait(asio::use_awaitable));
    co_return first.index() == 1;
  };
  EXPECT_TRUE(Await(io_, cancelled()));
  EXPECT_EQ(database_.use().idle, 0);
  EXPECT_TRUE(Run(kOne).ok());
}

TEST_F(DatabaseTest, ServesCallsInTheOrderInWhichTheyCame) {
  Database single(io_.get_executor(), Settings(1));
  std::vector<int> order;
  auto one = [&](int number) -> asio::awaitable<bool> {
    const double seconds = 0.02 - 0.004 * number;  // later ones are quicker
    const auto rows = co_await single.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(seconds));
    order.push_back(number);
    co_return rows.ok();
  };
  auto all = [&]() -> asio::awaitable<bool> {
    const auto done = co_await (one(0) && one(1) && one(2) && one(3) && one(4));
    co_return done == std::tuple(true, true, true, true, true);
  };
  EXPECT_TRUE(Await(io_, all()));
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(single.use().open, 1);
}

TEST_F(DatabaseTest, SaysThatTheDatabaseAnswersWhateverWaitsForAConnection) {
  Database single(io_.get_executor(), Settings(1));
  std::vector<std::string> order;
  auto work = [&]() -> asio::awaitable<bool> {
    const auto rows = co_await single.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(0.3));
    order.push_back("work");
    co_return rows.ok();
  };
  auto check = [&]() -> asio::awaitable<bool> {
    const absl::Status status = co_await single.Check(DeadlineIn(absl::Seconds(5)));
    order.push_back("check");
    co_return status.ok();
  };
  auto all = [&]() -> asio::awaitable<bool> {
    co_return co_await (work() && work() && check()) == std::tuple(true, true, true);
  };
  EXPECT_TRUE(Await(io_, all()));
  EXPECT_THAT(order, testing::ElementsAre("check", "work", "work"));

  TestCluster::Get().Stop();
  EXPECT_EQ(ReasonOf(Await(io_, single.Check(DeadlineIn(absl::Seconds(5))))), Reason::kDatabaseUnavailable);
  TestCluster::Get().Start();
}

TEST_F(DatabaseTest, TellsHowEachLaneStandsAndHowLongCallsWaited) {
  const auto stands = [](std::string_view lane, int open, int in_use, int waiting, int waited) {
    const auto line = [lane](std::string_view name, int value) {
      return testing::HasSubstr(
          fmt::format("ftl_database_{}{{application=\"tests\",lane=\"{}\"}} {}\n", name, lane, value));
    };
    return testing::AllOf(line("connections_open", open), line("connections_in_use", in_use),
                          line("calls_waiting", waiting), line("wait_seconds_count", waited));
  };
  {
    Database slow(io_.get_executor(), Settings(1).ForLane("slow", 1));
    Database quick(io_.get_executor(), Settings(1).ForLane("quick", 2));
    std::string meanwhile;
    auto look = [&]() -> asio::awaitable<bool> {
      const auto rows = co_await quick.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(0.2));
      meanwhile = metrics::Exposition();
      co_return rows.ok();
    };
    auto all = [&]() -> asio::awaitable<bool> {
      auto work = [&] { return slow.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(0.4)); };
      const auto [first, second, looked] = co_await (work() && work() && look());
      co_return first.ok() && second.ok() && looked;
    };
    EXPECT_TRUE(Await(io_, all()));
    EXPECT_THAT(meanwhile, testing::AllOf(stands("slow", 1, 1, 1, 1), stands("quick", 1, 0, 0, 1)));
    EXPECT_THAT(metrics::Exposition(), testing::AllOf(stands("slow", 1, 0, 0, 2), stands("quick", 1, 0, 0, 1)));
  }
  EXPECT_THAT(metrics::Exposition(), stands("slow", 0, 0, 0, 2)) << "what is gone counts no more";
}

TEST_F(DatabaseTest, LeavesTheLineWhenTheTimeIsOver) {
  Database single(io_.get_executor(), Settings(1));
  auto both = [&]() -> asio::awaitable<absl::Status> {
    const auto ended = co_await (single.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(0.2)) &&
                                 single.Run(DeadlineIn(absl::Milliseconds(100)), SessionScope::None(), kOne));
    co_return std::get<1>(ended).status();
  };
  EXPECT_EQ(ReasonOf(Await(io_, both())), Reason::kDeadlineExceeded);
  EXPECT_EQ(single.use().waiting, 0);
  EXPECT_EQ(single.use().idle, 1);
}

TEST_F(DatabaseTest, CommitsATransactionAndRollsBackOneThatFails) {
  ASSERT_TRUE(Run(kMake).ok());
  const Deadline deadline = DeadlineIn(absl::Seconds(5));
  auto add_one = [](Transaction& transaction) -> Task<int64_t> {
    CO_TRY(co_await transaction.Run(kAdd, Params(1, "a")));
    CO_TRY(const Rows count, co_await transaction.Run(kCount));
    co_return count.Only().Get<int64_t>("n");
  };
  const auto added = Await(io_, database_.Transact(deadline, SessionScope::None(), add_one));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(*added, 1);

  auto change_mind = [](Transaction& transaction) -> Task<> {
    CO_TRY(co_await transaction.Run(kAdd, Params(2, "b")));
    co_return Refuse(Reason::kConflict, "Not now.");
  };
  EXPECT_EQ(ReasonOf(Await(io_, database_.Transact(deadline, SessionScope::None(), change_mind))), Reason::kConflict);

  auto swallow = [](Transaction& transaction) -> Task<> {
    static_cast<void>(co_await transaction.Run(kAdd, Params(1, "again")));
    co_return absl::OkStatus();
  };
  EXPECT_TRUE(IsUniqueViolation(Await(io_, database_.Transact(deadline, SessionScope::None(), swallow))));

  auto fault = [](Transaction& transaction) -> Task<> {
    CO_TRY(const Rows rows, co_await transaction.Run(kAdd, Params(3, "c")));
    rows.Only();
    co_return absl::OkStatus();
  };
  EXPECT_THROW(Await(io_, database_.Transact(deadline, SessionScope::None(), fault)), ColumnFault);
  EXPECT_EQ(Run(kCount)->Only().Get<int64_t>("n"), 1);
}

TEST_F(DatabaseTest, RepeatsATransactionThatLostAgainstAnother) {
  int attempts = 0;
  auto work = [&](Transaction& transaction) -> Task<> {
    if (++attempts < 3) {
      CO_TRY(co_await transaction.Run({"test.clash", "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"}));
    }
    co_return absl::OkStatus();
  };
  const absl::Status done = Await(io_, database_.Transact(DeadlineIn(absl::Seconds(5)), SessionScope::None(), work));
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_EQ(attempts, 3);
}

TEST_F(DatabaseTest, TakesARoleAtTheStart) {
  Database database(io_.get_executor(), test_database_.As("ftl_analytics"));
  const auto rows = Await(io_, database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(),
                                            {"test.role", "SELECT current_user::text AS role"}));
  ASSERT_TRUE(rows.ok()) << DatabaseWordsOf(rows.status());
  EXPECT_EQ(rows->Only().Get<std::string>("role"), "ftl_analytics");
}

TEST_F(DatabaseTest, RefusesWhileTheServerIsAwayAndRecoversByItself) {
  ASSERT_TRUE(Run(kOne).ok());
  TestCluster::Get().Stop();
  for (int i = 0; i < 50; ++i) {
    const auto refused = Run(kOne);
    ASSERT_EQ(ReasonOf(refused.status()), Reason::kDatabaseUnavailable) << refused.status();
    EXPECT_GT(RetryAfterOf(refused.status()).value_or(absl::ZeroDuration()), absl::ZeroDuration());
  }
  TestCluster::Get().Start();
  const Deadline recovered_by = DeadlineIn(absl::Seconds(5));
  absl::StatusOr<Rows> rows = Run(kOne);
  while (!rows.ok() && TimeLeft(recovered_by) > absl::ZeroDuration()) {
    asio::steady_timer timer(io_, std::chrono::milliseconds(20));
    auto pause = [&]() -> asio::awaitable<bool> {
      co_await timer.async_wait(asio::use_awaitable);
      co_return true;
    };
    Await(io_, pause());
    rows = Run(kOne);
  }
  EXPECT_TRUE(rows.ok()) << DatabaseWordsOf(rows.status());
}

TEST_F(DatabaseTest, WaitsForAConnectionInUseWhereNoOtherCanBeOpened) {
  std::string folder = testing::TempDir() + "ftl-db-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string socket = "/.s.PGSQL.5432";
  const std::string real_folder = test_database_.url().substr(5, test_database_.url().find(' ') - 5);
  std::filesystem::create_symlink(real_folder + socket, folder + socket);
  DatabaseSettings settings = Settings(2);
  settings.url.replace(5, real_folder.size(), folder);
  Database database(io_.get_executor(), settings);
  auto both = [&]() -> asio::awaitable<absl::Status> {
    auto come_late = [&]() -> asio::awaitable<absl::StatusOr<Rows>> {
      asio::steady_timer timer(io_, std::chrono::milliseconds(100));
      co_await timer.async_wait(asio::use_awaitable);
      std::filesystem::remove_all(folder);  // from here on an attempt fails before anything is waited for
      co_return co_await database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kOne);
    };
    const auto ended =
        co_await (database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kSleep, Params(0.3)) && come_late());
    co_return std::get<1>(ended).status();
  };
  EXPECT_TRUE(Await(io_, both()).ok());
  EXPECT_EQ(database.use().open, 1);
}

TEST_F(DatabaseTest, ReportsWorkThatIsUnderWayWhenTheServerDies) {
  auto kill_during = [this]() -> asio::awaitable<absl::Status> {
    auto die = [this]() -> asio::awaitable<bool> {
      asio::steady_timer timer(io_, std::chrono::milliseconds(50));
      co_await timer.async_wait(asio::use_awaitable);
      TestCluster::Get().Stop();
      TestCluster::Get().Start();
      co_return true;
    };
    auto both =
        co_await (database_.Run(DeadlineIn(absl::Seconds(20)), SessionScope::None(), kSleep, Params(20)) && die());
    co_return std::get<0>(both).status();
  };
  EXPECT_EQ(ReasonOf(Await(io_, kill_during())), Reason::kDatabaseUnavailable);
}

}  // namespace
}  // namespace ftl
