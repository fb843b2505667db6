#include "common/db/shared_commits.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

constexpr Query kTransaction{"shared.transaction", "SELECT pg_current_xact_id()::text AS id"};
constexpr Query kSessions{"shared.sessions", "SELECT current_setting('ftl.sessions', true) AS sessions"};
constexpr Query kTurn{"shared.turn", "SELECT nextval('turns')::text AS turn"};
constexpr Query kAdd{"shared.add", "INSERT INTO things VALUES ($1, 10 / $2::int)"};
constexpr Query kTouch{"shared.touch",
                       "UPDATE things SET word = word + 1 WHERE id = $1::int RETURNING word::text AS word"};
constexpr Query kSleep{"shared.sleep", "SELECT pg_sleep($1)"};
constexpr Query kThings{"shared.things", "SELECT string_agg(id::text, ',' ORDER BY id) AS things FROM things"};

class SharedCommitsTest : public testing::Test {
 protected:
  SharedCommitsTest() {
    test_database_.Execute("CREATE TABLE things (id integer PRIMARY KEY, word integer)");
    test_database_.Execute("CREATE SEQUENCE turns");
  }

  DatabaseSettings Settings(int connections) const {
    return {.url = test_database_.url(), .application_name = "tests", .max_connections = connections};
  }

  struct Unit {
    std::string place;
    std::vector<Statement> statements;
    absl::Duration limit = absl::Seconds(5);
    std::string session = {};
  };
  struct Ended {
    absl::StatusOr<std::vector<Rows>> rows = absl::UnknownError("not yet");
    absl::Duration after;
  };
  // All at once; returns when all have ended.
  std::vector<Ended> RunTogether(SharedCommits& lane, std::vector<Unit> units) {
    std::vector<Ended> ended(units.size());
    const absl::Time began = absl::Now();
    size_t left = units.size();
    for (size_t i = 0; i < units.size(); ++i) {
      asio::co_spawn(io_,
                     lane.RunAll(DeadlineIn(units[i].limit), SessionScope(units[i].session), units[i].place,
                                 std::move(units[i].statements)),
                     [&, i](std::exception_ptr, absl::StatusOr<std::vector<Rows>> rows) {
                       ended[i] = {std::move(rows), absl::Now() - began};
                       --left;
                     });
    }
    io_.restart();
    while (left > 0) io_.run_one();
    return ended;
  }
  static std::string Text(const Ended& ended, std::string_view column) {
    return ended.rows.ok() ? ended.rows->front().Only().Get<std::string>(column) : ended.rows.status().ToString();
  }

  // The ids of those that were added.
  std::string Things() {
    const auto rows = Await(io_, alone_.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kThings));
    return rows.ok() ? rows->Only().Get<std::string>("things") : rows.status().ToString();
  }

  TestDatabase test_database_;
  asio::io_context io_;
  Database alone_{io_.get_executor(), Settings(4)};
  SharedCommits lane_{io_.get_executor(), Settings(1), alone_};
};

TEST_F(SharedCommitsTest, WhatComesTogetherHasOneTransaction) {
  std::set<std::string> transactions;
  for (const Ended& ended :
       RunTogether(lane_, std::vector<Unit>(20, {.place = "p", .statements = {{kTransaction, {}}}}))) {
    transactions.insert(Text(ended, "id"));
  }
  EXPECT_THAT(transactions, SizeIs(1));
}

TEST_F(SharedCommitsTest, ATransactionHoldsNoMoreThanItsMost) {
  std::set<std::string> transactions;
  const size_t units = 2 * SharedCommits::kMostUnits + 1;
  for (const Ended& ended : RunTogether(lane_, std::vector<Unit>(units, {.statements = {{kTransaction, {}}}}))) {
    transactions.insert(Text(ended, "id"));
  }
  EXPECT_THAT(transactions, SizeIs(3));
}

TEST_F(SharedCommitsTest, EachUnitHasItsOwnSession) {
  std::vector<Unit> units;
  for (const char* session : {"aa", "bb", ""}) {
    units.push_back({.place = session, .statements = {{kSessions, {}}}, .session = session});
  }
  std::vector<std::string> seen;
  for (const Ended& ended : RunTogether(lane_, std::move(units))) seen.push_back(Text(ended, "sessions"));
  EXPECT_THAT(seen, ElementsAre("aa", "bb", ""));
}

TEST_F(SharedCommitsTest, UnitsStandInTheOrderOfTheirPlaces) {
  std::vector<Unit> units;
  for (const char* place : {"c", "a", "b"}) units.push_back({.place = place, .statements = {{kTurn, {}}}});
  std::vector<std::string> turns;
  for (const Ended& ended : RunTogether(lane_, std::move(units))) turns.push_back(Text(ended, "turn"));
  EXPECT_THAT(turns, ElementsAre("3", "1", "2"));
}

TEST_F(SharedCommitsTest, OneThatFailsHurtsNoOther) {
  std::vector<Unit> units;
  for (int i = 0; i < 5; ++i) {
    units.push_back({.place = std::to_string(i), .statements = {{kAdd, Params(i, i == 2 ? 0 : 1)}}});
  }
  const std::vector<Ended> ended = RunTogether(lane_, std::move(units));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ended[i].rows.ok(), i != 2) << i;
  EXPECT_EQ(SqlStateOf(ended[2].rows.status()), "22012");
  EXPECT_EQ(Things(), "0,1,3,4");
}

TEST_F(SharedCommitsTest, OneThatWaitsForALockHoldsUpNobodyElse) {
  test_database_.Execute("INSERT INTO things VALUES (1, 0), (2, 0)");
  bool is_locked = false;
  bool released = false;
  auto hold = [&](Transaction& transaction) -> Task<> {
    CO_TRY(co_await transaction.Run(kTouch, Params(1)));
    is_locked = true;
    CO_TRY(co_await transaction.Run(kSleep, Params(0.6)));
    co_return absl::OkStatus();
  };
  asio::co_spawn(io_, alone_.Transact(DeadlineIn(absl::Seconds(5)), SessionScope::None(), hold),
                 [&](std::exception_ptr, absl::Status) { released = true; });
  while (!is_locked) io_.run_one();
  const std::vector<Ended> ended = RunTogether(lane_, {{.place = "1", .statements = {{kTouch, Params(1)}}},
                                                       {.place = "2", .statements = {{kTouch, Params(2)}}}});
  EXPECT_EQ(Text(ended[0], "word"), "2");
  EXPECT_EQ(Text(ended[1], "word"), "1");
  EXPECT_GT(ended[0].after, absl::Milliseconds(400));
  EXPECT_LT(ended[1].after, absl::Milliseconds(400));
  while (!released) io_.run_one();
}

TEST_F(SharedCommitsTest, WhoseTimeEndsInLineIsNotSent) {
  bool slept = false;
  asio::co_spawn(io_, lane_.RunAll(DeadlineIn(absl::Seconds(5)), SessionScope::None(), "", {{kSleep, Params(0.4)}}),
                 [&](std::exception_ptr, absl::StatusOr<std::vector<Rows>> rows) { slept = rows.ok(); });
  io_.restart();
  io_.run_for(std::chrono::milliseconds(150));
  const std::vector<Ended> ended =
      RunTogether(lane_, {{.statements = {{kAdd, Params(1, 1)}}, .limit = absl::Milliseconds(50)},
                          {.statements = {{kAdd, Params(2, 1)}}}});
  EXPECT_EQ(ReasonOf(ended[0].rows.status()), Reason::kDeadlineExceeded);
  EXPECT_TRUE(ended[1].rows.ok()) << ended[1].rows.status();
  EXPECT_TRUE(slept);
  EXPECT_EQ(Things(), "2");
}

TEST_F(SharedCommitsTest, SaysThatTheDatabaseIsAway) {
  DatabaseSettings nowhere = Settings(1);
  nowhere.url = "host=/nowhere dbname=nothing";
  SharedCommits lane(io_.get_executor(), nowhere, alone_);
  std::vector<Reason> reasons;
  for (const Ended& ended : RunTogether(lane, std::vector<Unit>(3, {.statements = {{kTurn, {}}}}))) {
    reasons.push_back(ReasonOf(ended.rows.status()));
  }
  EXPECT_THAT(reasons, Each(Reason::kDatabaseUnavailable));
}

}  // namespace
}  // namespace ftl
