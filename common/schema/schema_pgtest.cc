#include <limits>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/db/database.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

constexpr std::string_view kPermissionDenied = "42501";
constexpr std::string_view kRun = "b6a1c2d3-0000-4000-8000-000000000001";

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() {
    AddRun(mine_, kRun);
    AddRun(theirs_, "b6a1c2d3-0000-4000-8000-000000000002");
  }

  // A completed run of two results, the second failed.
  void AddRun(const std::string& session, std::string_view run) {
    database_.Execute(fmt::format(R"(
      INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, model_name, total_prompts)
        VALUES ('{0}', '{1}', '{0}', gen_random_uuid(), 'Model', 2);
      INSERT INTO demo_run_prompts VALUES ('{0}', '{1}', 1, 'p'), ('{0}', '{1}', 2, 'q');
      INSERT INTO demo_run_returned VALUES ('{0}', '{1}', 1), ('{0}', '{1}', 2);
      INSERT INTO demo_session_suites (demo_session_id, name, prompts, prompt_count) VALUES ('{0}', 'own', '[]', 0);
      INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, response, success,
                                           model_id, latency_us)
        VALUES ('{0}', '{1}', 1, 1, 'p', 'The Answer is 100% "naïve"', true, 'm', 1234500),
               ('{0}', '{1}', 2, 2, 'q', null, false, 'm', null);
      UPDATE demo_batch_test_runs SET completed_prompts = 1, failed_prompts = 1, last_sequence = 2, status = 'completed',
                                      completed_at = now() WHERE id = '{1}')",
                                  session, run));
  }

  absl::StatusOr<Rows> Run(std::string_view role, const SessionScope& scope, std::string_view sql, Params params = {}) {
    Database database(io_.get_executor(), database_.As(role));
    return Await(io_, database.Run(DeadlineIn(absl::Seconds(5)), scope, Query{"", sql}, std::move(params)));
  }
  int64_t Count(std::string_view role, const SessionScope& scope, std::string_view table, std::string_view column) {
    const auto rows = Run(role, scope, fmt::format("SELECT count({}) AS n FROM {}", column, table));
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->Only().Get<int64_t>("n") : -1;
  }

  TestDatabase database_;
  asio::io_context io_;
  const std::string mine_ = database_.AddSession('a');
  const std::string theirs_ = database_.AddSession('b');
  const SessionScope my_scope_{mine_};
};

TEST_F(SchemaTest, AForgottenWhereGivesTheSessionsOwnRowsOnlyAndNothingWithoutASession) {
  for (const auto& [table, mine] : std::vector<std::pair<std::string_view, int64_t>>{{"demo_session_expiry", 1},
                                                                                     {"demo_session_suites", 1},
                                                                                     {"demo_batch_test_runs", 1},
                                                                                     {"demo_run_prompts", 2},
                                                                                     {"demo_batch_test_results", 2}}) {
    for (const std::string_view role : {"ftl_batch_runner", "ftl_analytics", "ftl_export", "ftl_owner"}) {
      EXPECT_EQ(Count(role, SessionScope::None(), table, "demo_session_id"), 0) << table << " " << role;
      EXPECT_EQ(Count(role, my_scope_, table, "demo_session_id"), mine) << table << " " << role;
    }
  }
  EXPECT_EQ(Count("ftl_session_vault", SessionScope::None(), "demo_model_configs", "session_id"), 0);
  EXPECT_EQ(Count("ftl_session_vault", my_scope_, "demo_model_configs", "session_id"), 1);
}

TEST_F(SchemaTest, NoSessionReachesTheWorkspaceAndNoOwnerASession) {
  const std::string owner(64, 'e');
  database_.Execute(fmt::format(R"(
    INSERT INTO owners (owner) VALUES ('{0}');
    INSERT INTO api_tokens (owner, name, scopes, token_sha256) VALUES ('{0}', 'n', '{{chat}}', repeat('a', 64));
    INSERT INTO api_keys (owner, service_name, name, endpoint_url, api_key_encrypted, shared)
      VALUES ('{0}', 'openai', 'mine', 'https://api.openai.com/v1', 'x', false),
             ('{0}', 'openai', 'ours', 'https://api.openai.com/v1', 'x', true))",
                                owner));
  const SessionScope owner_scope(owner);
  constexpr std::string_view kServices[] = {"ftl_session_vault", "ftl_batch_runner", "ftl_analytics",
                                            "ftl_export",        "ftl_sweep",        "ftl_dashboards"};
  for (const std::string_view table : {"owners", "api_tokens", "api_keys"}) {
    for (const std::string_view role : kServices) {
      const auto rows = Run(role, my_scope_, fmt::format("SELECT count(*) AS n FROM {} WHERE owner <> ''", table));
      if (role != "ftl_session_vault") {
        EXPECT_EQ(SqlStateOf(rows.status()), kPermissionDenied) << table << " " << role;
        EXPECT_EQ(SqlStateOf(Run(role, owner_scope, fmt::format("DELETE FROM {}", table)).status()), kPermissionDenied)
            << table << " " << role;
      }
    }
    EXPECT_EQ(Count("ftl_session_vault", owner_scope, table, "owner"), table == "api_keys" ? 2 : 1);
    // Who there is, the vault may know; nothing of theirs.
    if (table == "owners") continue;
    EXPECT_EQ(Count("ftl_session_vault", my_scope_, table, "owner"), 0) << table;
    EXPECT_EQ(Count("ftl_session_vault", SessionScope::None(), table, "owner"), 0) << table;
    EXPECT_EQ(Run("ftl_session_vault", my_scope_, fmt::format("UPDATE {} SET name = 'taken'", table))->affected(), 0);
    EXPECT_EQ(Run("ftl_session_vault", my_scope_, fmt::format("DELETE FROM {}", table))->affected(), 0);
  }
  for (const std::string_view table : {"demo_session_expiry", "demo_session_suites", "demo_batch_test_runs",
                                       "demo_run_prompts", "demo_batch_test_results"}) {
    for (const std::string_view role : {"ftl_batch_runner", "ftl_analytics", "ftl_export"}) {
      EXPECT_EQ(Count(role, owner_scope, table, "demo_session_id"), 0) << table << " " << role;
    }
  }
  EXPECT_EQ(Count("ftl_session_vault", owner_scope, "demo_model_configs", "session_id"), 0);
  for (const std::string_view role : {"ftl_batch_runner", "ftl_analytics", "ftl_export", "ftl_dashboards"}) {
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, "SELECT * FROM use_token(repeat('a', 64))").status()), kPermissionDenied);
  }
}

TEST_F(SchemaTest, NoSessionAndNoOtherOwnerReachesWhatAnOwnerSaid) {
  const std::string owner(64, 'e');
  const std::string other(64, 'f');
  database_.Execute(fmt::format(R"(
    INSERT INTO owners (owner) VALUES ('{0}'), ('{1}');
    INSERT INTO conversations (owner, id, title) VALUES ('{0}', md5('c')::uuid, 'secret');
    INSERT INTO messages (owner, conversation_id, id, sequence, depth, role, content, status)
      VALUES ('{0}', md5('c')::uuid, md5('m')::uuid, 1, 1, 'user', 'secret', 'complete');
    INSERT INTO message_drafts (owner, message_id, content) VALUES ('{0}', md5('m')::uuid, 'secret');
    INSERT INTO agents (owner, id, name) VALUES ('{0}', md5('a')::uuid, 'secret');
    INSERT INTO agent_states (owner, agent_id, state, version) VALUES ('{0}', md5('a')::uuid, '1', 1);
    INSERT INTO prompt_templates (owner, id, name) VALUES ('{0}', md5('t')::uuid, 'secret');
    INSERT INTO prompt_template_versions (owner, template_id, version, content)
      VALUES ('{0}', md5('t')::uuid, 1, 'secret'))",
                                owner, other));
  constexpr std::string_view kRoles[] = {"ftl_session_vault", "ftl_batch_runner", "ftl_analytics",
                                         "ftl_export",        "ftl_sweep",        "ftl_dashboards"};
  for (const std::string_view table : {"conversations", "messages", "message_drafts", "agents", "agent_states",
                                       "prompt_templates", "prompt_template_versions"}) {
    for (const std::string_view role : kRoles) {
      const bool may_read =
          role == "ftl_batch_runner" || (role == "ftl_export" && (table == "conversations" || table == "messages"));
      for (const SessionScope& scope :
           {my_scope_, SessionScope(other), SessionScope::None(), SessionScope({owner, other})}) {
        if (may_read) {
          EXPECT_EQ(Count(role, scope, table, "owner"), 0) << table << " " << role;
        } else {
          EXPECT_EQ(SqlStateOf(Run(role, scope, fmt::format("SELECT count(*) AS n FROM {}", table)).status()),
                    kPermissionDenied)
              << table << " " << role;
        }
        const auto deleted = Run(role, scope, fmt::format("DELETE FROM {}", table));
        EXPECT_TRUE(role == "ftl_batch_runner" ? deleted.ok() && deleted->affected() == 0
                                               : SqlStateOf(deleted.status()) == kPermissionDenied)
            << table << " " << role;
      }
      if (may_read) EXPECT_EQ(Count(role, SessionScope(owner), table, "owner"), 1) << table << " " << role;
    }
  }
  for (const SessionScope& scope : {my_scope_, SessionScope(other), SessionScope::None()}) {
    const auto found =
        Run("ftl_batch_runner", scope, "SELECT count(*) AS n FROM search_conversations('default', ARRAY['secret'])");
    EXPECT_EQ(found->Only().Get<int64_t>("n"), 0);
  }
  for (const std::string_view role : {"ftl_session_vault", "ftl_analytics", "ftl_export", "ftl_dashboards"}) {
    EXPECT_EQ(
        SqlStateOf(Run(role, SessionScope(owner), "SELECT search_conversations('default', ARRAY['secret'])").status()),
        kPermissionDenied);
  }
}

TEST_F(SchemaTest, DeletingALongConversationTakesNoLongerForEachOfItsMessages) {
  const std::string owner(64, 'e');
  database_.Execute(fmt::format(R"(
    INSERT INTO owners (owner) VALUES ('{0}');
    INSERT INTO conversations (owner, id, title) VALUES ('{0}', md5('c')::uuid, 'long');
    INSERT INTO messages (owner, conversation_id, id, parent_id, sequence, depth, role, content, status)
      SELECT '{0}', md5('c')::uuid, md5('m' || i)::uuid, CASE WHEN i > 1 THEN md5('m' || i - 1)::uuid END, i, i, 'user', '',
             'complete'
      FROM generate_series(1, 10000) i;
    ANALYZE messages)",
                                owner));
  const absl::Time began = absl::Now();
  const auto deleted = Run("ftl_batch_runner", SessionScope(owner), "DELETE FROM conversations");
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->affected(), 1);
  EXPECT_LT(absl::Now() - began, absl::Seconds(4));
  EXPECT_EQ(Count("ftl_batch_runner", SessionScope(owner), "messages", "owner"), 0);
}

TEST_F(SchemaTest, WhoWorksForOneSessionSeesNothingWhereSeveralAreNamed) {
  const SessionScope both({mine_, theirs_});
  for (const auto& [table, ours] : std::vector<std::pair<std::string_view, int64_t>>{{"demo_session_expiry", 2},
                                                                                     {"demo_session_suites", 2},
                                                                                     {"demo_batch_test_runs", 2},
                                                                                     {"demo_run_prompts", 4},
                                                                                     {"demo_batch_test_results", 4}}) {
    EXPECT_EQ(Count("ftl_batch_runner", both, table, "demo_session_id"), ours) << table;
    for (const std::string_view role : {"ftl_analytics", "ftl_export"}) {
      EXPECT_EQ(Count(role, both, table, "demo_session_id"), 0) << table << " " << role;
    }
  }
}

TEST_F(SchemaTest, AConnectionThatWorkedForASessionSeesNothingOfItAfterwards) {
  for (const std::string_view role : {"ftl_session_vault", "ftl_batch_runner", "ftl_analytics", "ftl_export"}) {
    DatabaseSettings settings = database_.As(role);
    settings.max_connections = 1;
    Database database(io_.get_executor(), settings);
    const auto runs = [&](const SessionScope& scope) {
      const auto rows = Await(io_, database.Run(DeadlineIn(absl::Seconds(5)), scope,
                                                Query{"", "SELECT count(id) AS n FROM demo_batch_test_runs"}));
      return rows.ok() ? rows->Only().Get<int64_t>("n") : -1;
    };
    EXPECT_EQ(runs(my_scope_), 1) << role;
    EXPECT_EQ(runs(SessionScope::None()), 0) << role;
  }
}

TEST_F(SchemaTest, AQueryThatNamesAnotherSessionThanItsScopeFindsNothing) {
  for (const std::string_view role : {"ftl_session_vault", "ftl_batch_runner", "ftl_analytics", "ftl_export"}) {
    const auto rows = Run(role, my_scope_, "SELECT prompt_id FROM demo_batch_test_results WHERE demo_session_id = $1",
                          Params(theirs_));
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_TRUE(rows->empty()) << role;
  }
  EXPECT_EQ(SqlStateOf(Run("ftl_analytics", my_scope_,
                           "INSERT INTO demo_download_tokens (token_hash, demo_session_id, test_run_id, format) VALUES "
                           "('h', $1, 'b6a1c2d3-0000-4000-8000-000000000002', 'csv')",
                           Params(theirs_))
                           .status()),
            kPermissionDenied);
}

TEST_F(SchemaTest, ThePlannerExpectsAsManyResultsOfARunAsThereAre) {
  database_.Execute(fmt::format(R"(
    INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, model_id)
      SELECT '{}', '{}', i, i, 'p', true, 'm' FROM generate_series(3, 4000) AS i;
    ALTER TABLE demo_batch_test_results DISABLE TRIGGER ALL;
    INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, model_id)
      SELECT md5(s::text), gen_random_uuid(), i, i, 'p', true, 'm'
      FROM generate_series(1, 30) AS s, generate_series(1, 400) AS i;
    ANALYZE demo_batch_test_results)",
                                mine_, kRun));
  for (const std::string_view role : {"ftl_analytics", "ftl_export"}) {
    const auto rows = Run(role, my_scope_,
                          fmt::format("EXPLAIN SELECT latency_us FROM demo_batch_test_results "
                                      "WHERE demo_session_id = '{}' AND test_run_id = '{}'",
                                      mine_, kRun));
    ASSERT_TRUE(rows.ok()) << rows.status();
    const auto plan = (*rows)[0].Get<std::string>("QUERY PLAN");
    EXPECT_THAT(plan, testing::ContainsRegex("rows=[34][0-9][0-9][0-9] ")) << role;
  }
}

TEST_F(SchemaTest, WhoWorksForAllSessionsSeesThemWithoutTheirText) {
  EXPECT_EQ(Count("ftl_session_vault", SessionScope::None(), "demo_session_expiry", "demo_session_id"), 2);
  EXPECT_EQ(Count("ftl_batch_runner", SessionScope::None(), "demo_run_returned", "demo_session_id"), 4);
  EXPECT_EQ(Count("ftl_dashboards", SessionScope::None(), "demo_batch_test_results", "latency_ms"), 2);
  EXPECT_EQ(SqlStateOf(Run("ftl_dashboards", my_scope_, "SELECT response FROM demo_batch_test_results").status()),
            kPermissionDenied);
  EXPECT_EQ(SqlStateOf(Run("ftl_sweep", my_scope_, "SELECT api_key_encrypted FROM demo_model_configs").status()),
            kPermissionDenied);
}

TEST_F(SchemaTest, OnlyTheVaultReadsTheKeyAndOnlyTheRunnerAddsResults) {
  EXPECT_EQ(Run("ftl_session_vault", my_scope_, "SELECT api_key_encrypted FROM demo_model_configs")
                ->Only()
                .Get<std::string>("api_key_encrypted"),
            "sealed");
  for (const std::string_view role : {"ftl_batch_runner", "ftl_analytics", "ftl_export"}) {
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, "SELECT api_key_encrypted FROM demo_model_configs").status()),
              kPermissionDenied)
        << role;
    EXPECT_TRUE(Run(role, my_scope_, "SELECT endpoint_url, expires_at FROM demo_model_configs").ok()) << role;
  }
  constexpr std::string_view kInsert =
      "INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, "
      "model_id) "
      "VALUES ($1, $2, $3::int, $3::int, 'p', true, 'm')";
  for (const std::string_view role :
       {"ftl_session_vault", "ftl_analytics", "ftl_export", "ftl_sweep", "ftl_dashboards"}) {
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, kInsert, Params(mine_, kRun, 3)).status()), kPermissionDenied) << role;
  }
  EXPECT_TRUE(Run("ftl_batch_runner", my_scope_, kInsert, Params(mine_, kRun, 3)).ok());
  EXPECT_TRUE(IsUniqueViolation(Run("ftl_batch_runner", my_scope_, kInsert, Params(mine_, kRun, 3)).status()));
  EXPECT_EQ(SqlStateOf(Run("ftl_batch_runner", SessionScope(theirs_), kInsert, Params(mine_, kRun, 4)).status()),
            kPermissionDenied);
  EXPECT_EQ(
      SqlStateOf(Run("ftl_batch_runner", my_scope_, "UPDATE demo_batch_test_results SET success = false").status()),
      kPermissionDenied);
}

TEST_F(SchemaTest, DeletingTheSessionDeletesAllThatHangsOnItAndKeepsALateResultOut) {
  ASSERT_EQ(Run("ftl_session_vault", my_scope_, "DELETE FROM demo_model_configs")->affected(), 1);
  for (const std::string_view table : {"demo_session_expiry", "demo_session_suites", "demo_batch_test_runs",
                                       "demo_run_prompts", "demo_run_returned", "demo_batch_test_results"}) {
    const auto left =
        Run("postgres", SessionScope::None(),
            fmt::format("SELECT count(*) FILTER (WHERE demo_session_id = $1) AS mine, count(*) AS all FROM {}", table),
            Params(mine_));
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_EQ(left->Only().Get<int64_t>("mine"), 0) << table;
    EXPECT_GT(left->Only().Get<int64_t>("all"), 0) << table;
  }
  const auto late =
      Run("ftl_batch_runner", my_scope_,
          "INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, "
          "success, model_id) VALUES ($1, $2, 3, 3, 'p', true, 'm')",
          Params(mine_, kRun));
  EXPECT_TRUE(IsForeignKeyViolation(late.status())) << late.status();
}

TEST_F(SchemaTest, CountersOutOfStepAreRefused) {
  EXPECT_TRUE(IsCheckViolation(
      Run("ftl_batch_runner", my_scope_, "UPDATE demo_batch_test_runs SET completed_prompts = 2").status()));
  EXPECT_TRUE(IsCheckViolation(
      Run("ftl_batch_runner", my_scope_, "UPDATE demo_batch_test_runs SET status = 'running'").status()));
}

TEST_F(SchemaTest, ASessionHasOneActiveRun) {
  constexpr std::string_view kStart = R"(
    INSERT INTO demo_batch_test_runs (demo_session_id, demo_user_id, test_suite_id, model_name)
    VALUES ($1, $1, gen_random_uuid(), 'Model'))";
  EXPECT_TRUE(Run("ftl_batch_runner", my_scope_, kStart, Params(mine_)).ok());
  EXPECT_TRUE(IsUniqueViolation(Run("ftl_batch_runner", my_scope_, kStart, Params(mine_)).status(),
                                "demo_batch_test_runs_one_active"));
}

TEST_F(SchemaTest, RoundsMillisecondsFromMicroseconds) {
  const auto rows = Run("ftl_analytics", my_scope_,
                        "SELECT latency_ms, response_chars FROM demo_batch_test_results WHERE prompt_id = 1");
  EXPECT_EQ(rows->Only().Get<int32_t>("latency_ms"), 1235);
  EXPECT_EQ(rows->Only().Get<int32_t>("response_chars"), 26);
}

TEST_F(SchemaTest, FindsTheSessionOfARunAndWordsInItsOwnSessionOnly) {
  EXPECT_EQ(Run("ftl_export", SessionScope::None(), "SELECT session_of_run($1) AS session", Params(kRun))
                ->Only()
                .Get<std::string>("session"),
            mine_);
  constexpr std::string_view kSearch = "SELECT * FROM search_results($1, null, null, null, 50)";
  for (const char* keyword : {"answer", "NAÏVE", "100%"}) {
    const auto found = Run("ftl_analytics", my_scope_, kSearch, Params(keyword));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->Only().Get<int32_t>("prompt_id"), 1) << keyword;
    EXPECT_EQ(found->Only().Get<std::string>("test_run_id"), kRun);
    EXPECT_EQ(found->Only().Get<int64_t>("total"), 1);
  }
  EXPECT_TRUE(Run("ftl_analytics", my_scope_, kSearch, Params("100_"))->empty());
  EXPECT_TRUE(Run("ftl_analytics", SessionScope::None(), kSearch, Params("answer"))->empty());
  EXPECT_EQ(SqlStateOf(Run("ftl_dashboards", my_scope_, kSearch, Params("answer")).status()), kPermissionDenied);
}

TEST_F(SchemaTest, FindsTheSameWithTheTextIndexAsWithout) {
  constexpr std::string_view kIndex = "SELECT index_results($1, $2) AS taken";
  constexpr std::string_view kSearch = "SELECT prompt_id FROM search_results($1, $2, $3, $4, 50)";
  const auto taken = [&](const SessionScope& scope) {
    return Run("ftl_analytics", scope, kIndex, Params(kRun, 1))->Only().Get<int32_t>("taken");
  };
  const auto found = [&](Params params) { return Run("ftl_analytics", my_scope_, kSearch, std::move(params))->size(); };
  EXPECT_EQ(taken(SessionScope(theirs_)), 0);
  for (const int still_there : {1, 1, 0}) {
    EXPECT_EQ(found(Params("Q", kRun, std::nullopt, std::nullopt)), 1);
    EXPECT_EQ(found(Params("answer", std::nullopt, std::nullopt, std::nullopt)), 1);
    EXPECT_EQ(found(Params("answer", kRun, kRun, 1)), 0);
    EXPECT_EQ(taken(my_scope_), still_there);
  }
  ASSERT_EQ(Run("ftl_session_vault", my_scope_, "DELETE FROM demo_model_configs")->affected(), 1);
  EXPECT_EQ(Count("postgres", SessionScope::None(), "demo_search_texts", "prompt_id"), 0);
}

TEST_F(SchemaTest, OnlyAnalyticsKeepsOrdersAndOnlyOfItsSession) {
  constexpr std::string_view kKeep =
      "INSERT INTO demo_run_orders VALUES ($1, $2, 'latency', false, 0, 1, 1, ARRAY[1, 2]::bigint[], ARRAY[1, 2])";
  constexpr std::string_view kTheirRun = "b6a1c2d3-0000-4000-8000-000000000002";
  EXPECT_TRUE(Run("ftl_analytics", my_scope_, kKeep, Params(mine_, kRun)).ok());
  EXPECT_TRUE(Run("ftl_analytics", SessionScope(theirs_), kKeep, Params(theirs_, kTheirRun)).ok());
  EXPECT_EQ(SqlStateOf(Run("ftl_analytics", my_scope_, kKeep, Params(theirs_, kTheirRun)).status()), kPermissionDenied);
  EXPECT_EQ(SqlStateOf(Run("ftl_analytics", SessionScope({mine_, theirs_}), kKeep, Params(mine_, kRun)).status()),
            kPermissionDenied);
  EXPECT_EQ(Count("ftl_analytics", my_scope_, "demo_run_orders", "piece"), 1);
  EXPECT_EQ(Count("ftl_analytics", SessionScope::None(), "demo_run_orders", "piece"), 0);
  for (const std::string_view role : {"ftl_batch_runner", "ftl_export", "ftl_sweep", "ftl_dashboards"}) {
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, "SELECT test_run_id FROM demo_run_orders").status()), kPermissionDenied)
        << role;
  }
  ASSERT_EQ(Run("ftl_session_vault", my_scope_, "DELETE FROM demo_model_configs")->affected(), 1);
  EXPECT_EQ(Count("postgres", SessionScope::None(), "demo_run_orders", "piece"), 1);
}

TEST_F(SchemaTest, OnlyAnalyticsSearchesAndOnlyOneSession) {
  constexpr std::string_view kSearch = "SELECT prompt_id FROM search_results('answer', null, null, null, 50)";
  constexpr std::string_view kIndex = "SELECT index_results($1, 10) AS taken";
  constexpr std::string_view kSettle = "SELECT settle_search_texts()";
  const SessionScope both({mine_, theirs_});
  for (const bool indexed : {false, true}) {
    EXPECT_EQ(Run("ftl_analytics", my_scope_, kSearch)->size(), 1) << indexed;
    EXPECT_EQ(Run("ftl_analytics", both, kSearch)->size(), 0) << indexed;
    EXPECT_EQ(Run("ftl_analytics", SessionScope::None(), kSearch)->size(), 0) << indexed;
    EXPECT_EQ(Run("ftl_analytics", both, kIndex, Params(kRun))->Only().Get<int32_t>("taken"), 0);
    EXPECT_EQ(Run("ftl_analytics", my_scope_, kIndex, Params(kRun))->Only().Get<int32_t>("taken"), indexed ? 0 : 2);
    EXPECT_TRUE(Run("ftl_analytics", my_scope_, kSettle).ok());
  }
  for (const std::string_view role : {"ftl_batch_runner", "ftl_export", "ftl_session_vault", "ftl_dashboards"}) {
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, kSearch).status()), kPermissionDenied) << role;
    EXPECT_EQ(SqlStateOf(Run(role, my_scope_, kSettle).status()), kPermissionDenied) << role;
  }
}

TEST_F(SchemaTest, TheAuditLogOnlyGrows) {
  EXPECT_TRUE(Run("ftl_export", my_scope_, "INSERT INTO audit_log (event, demo_session_id) VALUES ('export', $1)",
                  Params(mine_))
                  .ok());
  for (const char* sql : {"DELETE FROM audit_log", "UPDATE audit_log SET event = 'x'", "SELECT * FROM audit_log"}) {
    EXPECT_EQ(SqlStateOf(Run("ftl_session_vault", my_scope_, sql).status()), kPermissionDenied) << sql;
  }
}

TEST_F(SchemaTest, ForgetsOldLinesOfTheAuditLogAndNeverThoseOfTheLastDay) {
  database_.Execute(
      "INSERT INTO audit_log (event, at) SELECT 'run', now() - make_interval(hours => h) FROM unnest(ARRAY[1, 23, 25, "
      "49]) h");
  const auto forgotten = [&](int32_t days) {
    const auto rows = Run("ftl_session_vault", SessionScope::None(), "SELECT forget_audit($1) AS n", Params(days));
    return rows.ok() ? rows->Only().Get<int64_t>("n") : -1;
  };
  EXPECT_EQ(forgotten(std::numeric_limits<int32_t>::max()), 0);
  EXPECT_EQ(forgotten(2), 1);
  EXPECT_EQ(forgotten(-5), 1);
  EXPECT_EQ(forgotten(0), 0);
  EXPECT_EQ(SqlStateOf(Run("ftl_export", SessionScope::None(), "SELECT forget_audit(1)").status()), kPermissionDenied);
}

}  // namespace
}  // namespace ftl
