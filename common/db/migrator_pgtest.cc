#include "common/db/migrator.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/db/blocking_connection.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

using testing::HasSubstr;

void Quiet(std::string_view) {}

int64_t Number(const std::string& url, std::string_view sql) {
  return BlockingConnection::Open(url, "tests")->Run(sql)->Only().Get<int64_t>("n");
}

class MigratorTest : public testing::Test {
 protected:
  std::string url_ = TestCluster::Get().NewEmptyDatabase();
};

TEST_F(MigratorTest, BuildsTheWholeSchemaAsAPlainOwnerAndDoesNothingTheSecondTime) {
  const absl::Status first = Migrate(url_, Quiet);
  ASSERT_TRUE(first.ok()) << first;
  std::string told;
  const absl::Status second = Migrate(url_, [&](std::string_view line) { told += line; });
  ASSERT_TRUE(second.ok()) << second;
  EXPECT_THAT(told, HasSubstr("0 applied now"));
  EXPECT_THAT(told, HasSubstr("0 new or changed, 0 retired"));
  EXPECT_EQ(Number(url_, "SELECT count(*) AS n FROM ftl_schema_migrations"),
            static_cast<int64_t>(EmbeddedMigrations().size()));
  EXPECT_GE(Number(url_, "SELECT sum(prompt_count) AS n FROM demo_test_suites WHERE is_active"), 74);
}

TEST_F(MigratorTest, RefusesAnAppliedFileThatWasChanged) {
  ASSERT_TRUE(Migrate(url_, Quiet).ok());
  std::vector<EmbeddedFile> files(EmbeddedMigrations().begin(), EmbeddedMigrations().end());
  files[1].text = "SELECT 'something else'";
  const absl::Status refused = Migrate(url_, Quiet, {.migrations = files});
  EXPECT_THAT(std::string(refused.message()), HasSubstr("an applied file must never change"));
}

TEST_F(MigratorTest, RefusesASchemaNewerThanTheProgram) {
  ASSERT_TRUE(Migrate(url_, Quiet).ok());
  const absl::Status refused = Migrate(url_, Quiet, {.migrations = EmbeddedMigrations().first(2)});
  EXPECT_THAT(std::string(refused.message()), HasSubstr("use a newer program"));
}

// Programs that know the second file may run on all that follow it.
constexpr std::array<EmbeddedFile, 4> kExpanding = {
    EmbeddedFile{"0001_ground.sql",
                 "SET LOCAL ROLE ftl_owner; CREATE TABLE demo_test_suites (id uuid, is_active boolean); CREATE TABLE "
                 "ground (id integer)"},
    EmbeddedFile{"0002_break.sql", "SET LOCAL ROLE ftl_owner; DROP TABLE ground; CREATE TABLE suites (id integer)"},
    EmbeddedFile{"0003_expand.sql",
                 "-- Oldest program: 2\nSET LOCAL ROLE ftl_owner; ALTER TABLE suites ADD COLUMN name text"},
    EmbeddedFile{"0004_add.sql", "-- Oldest program: 2\nSET LOCAL ROLE ftl_owner; CREATE TABLE further (id integer)"}};

TEST_F(MigratorTest, LetsAProgramOfBeforeRunOnASchemaThatSaysSo) {
  const std::span<const EmbeddedFile> all(kExpanding);
  const EmbeddedFile no_roles = EmbeddedRoles();
  const auto migrate = [&](size_t known, std::string* told = nullptr) {
    return Migrate(url_,
                   [&](std::string_view line) {
                     if (told) *told += line;
                   },
                   {no_roles, all.first(known), {}});
  };
  const absl::Status first = migrate(1);
  ASSERT_TRUE(first.ok()) << first;
  std::string plan;
  ASSERT_TRUE(PlanMigration(url_,
                            [&](std::string_view line) {
                              plan += line;
                              plan += '\n';
                            },
                            {no_roles, all, {}})
                  .ok());
  EXPECT_THAT(
      plan, HasSubstr("0002_break.sql: programs of schema 2 and newer may run on it; locks ground (AccessExclusive)"));
  EXPECT_THAT(plan,
              HasSubstr("0004_add.sql: programs of schema 2 and newer may run on it; locks nothing that is in use"));
  EXPECT_EQ(Number(url_, "SELECT max(version) AS n FROM ftl_schema_migrations"), 1) << "a plan changes nothing";
  EXPECT_EQ(Number(url_, "SELECT count(*) AS n FROM pg_tables WHERE tablename IN ('suites', 'further')"), 0);
  ASSERT_TRUE(migrate(4).ok());
  EXPECT_THAT(std::string(migrate(1).message()), HasSubstr("use a newer program"));
  std::string told;
  EXPECT_TRUE(migrate(2, &told).ok());
  EXPECT_THAT(told, HasSubstr("left as the newer program shipped them"));
}

TEST_F(MigratorTest, LetsAServiceStartOnANewerSchemaThatSaysSo) {
  ASSERT_TRUE(Migrate(url_, Quiet).ok());
  asio::io_context io;
  Database database(io.get_executor(), {.url = url_, .application_name = "tests"});
  const int known = static_cast<int>(EmbeddedMigrations().size());
  const auto add = [&](int version, int oldest_program) {
    const std::string row = fmt::format(
        "INSERT INTO ftl_schema_migrations (version, name, checksum, oldest_program) "
        "VALUES ({}, 'later', '', {})",
        version, oldest_program);
    ASSERT_TRUE(Await(io, database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), Query{"", row})).ok());
  };
  add(known + 1, known);
  EXPECT_TRUE(Await(io, RequireCurrentSchema(database, DeadlineIn(absl::Seconds(5)))).ok());
  add(known + 2, known + 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(Await(io, RequireCurrentSchema(database, DeadlineIn(absl::Seconds(5))))));
}

TEST_F(MigratorTest, LeavesNothingOfAFileThatFails) {
  const std::array<EmbeddedFile, 2> files = {
      EmbeddedFile{"0001_good.sql", "CREATE TABLE good (id integer)"},
      EmbeddedFile{"0002_bad.sql", "CREATE TABLE bad (id integer); SELECT no_such_function()"}};
  const absl::Status failed = Migrate(url_, Quiet, {.migrations = files, .suites = {}});
  EXPECT_THAT(std::string(failed.message()), HasSubstr("0002_bad.sql"));
  EXPECT_EQ(Number(url_, "SELECT count(*) AS n FROM pg_tables WHERE tablename IN ('good', 'bad')"), 1);
}

TEST_F(MigratorTest, RetiresASuiteThatIsNoLongerShipped) {
  ASSERT_TRUE(Migrate(url_, Quiet).ok());
  ASSERT_TRUE(Migrate(url_, Quiet, {.suites = EmbeddedSuites().first(1)}).ok());
  EXPECT_EQ(Number(url_, "SELECT count(*) AS n FROM demo_test_suites WHERE is_active"), 1);
  EXPECT_GT(Number(url_, "SELECT count(*) AS n FROM demo_test_suites"), 1);
}

TEST_F(MigratorTest, TellsAServiceWhetherItsSchemaIsThere) {
  asio::io_context io;
  Database database(io.get_executor(), {.url = url_, .application_name = "tests"});
  const absl::Status missing = Await(io, RequireCurrentSchema(database, DeadlineIn(absl::Seconds(5))));
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("finetunelab migrate"));
  ASSERT_TRUE(Migrate(url_, Quiet).ok());
  Database service(io.get_executor(), {.url = url_, .role = "ftl_export", .application_name = "tests"});
  const absl::Status current = Await(io, RequireCurrentSchema(service, DeadlineIn(absl::Seconds(5))));
  EXPECT_TRUE(current.ok()) << current;
}

// deploy/postgres/roles.sql, for a site that gives every service a login of its own.
TEST(OwnLoginsTest, LetEachServiceInAndNoneActAsAnotherRole) {
  const std::string url = TestCluster::Get().NewDatabase();
  const std::string script = fmt::format(
      "psql -q -v ON_ERROR_STOP=1 -v migrator=plain_owner -f {}/postgres/roles.sql '{}'", FTL_DEPLOY_DIR, url);
  ASSERT_EQ(std::system(script.c_str()), 0);
  EXPECT_EQ(Number(url, "SELECT count(*) AS n FROM pg_roles WHERE rolname LIKE 'ftl\\_%' AND rolcanlogin"), 5);
  EXPECT_EQ(Number(url,
                   "SELECT count(*) AS n FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
                   "WHERE r.rolname LIKE 'ftl\\_%'"),
            0);
}

}  // namespace
}  // namespace ftl
