#include <fmt/format.h>
#include <gtest/gtest.h>

#include "services/session-vault/vault_fixture.h"

namespace ftl::vault {
namespace {

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

}  // namespace
}  // namespace ftl::vault
