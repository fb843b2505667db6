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
