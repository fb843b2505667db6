#include "services/batch-runner/store/run_store.h"

#include <utility>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/store/run_door.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kSessionOfRun{"run.session", "SELECT session_of_run($1::uuid) AS session"};

constexpr Query kTraceparent{"run.traceparent",
                             "SELECT traceparent FROM demo_batch_test_runs"
                             " WHERE demo_session_id = $1 AND id = $2::uuid AND traceparent IS NOT NULL"};

constexpr Query kGetRun{"run.get", "SELECT " FTL_RUN_COLUMNS
                                   " FROM demo_batch_test_runs r WHERE r.demo_session_id = $1 AND r.id = $2::uuid"};

constexpr Query kLatestRun{"run.latest", "SELECT " FTL_RUN_COLUMNS
                                         " FROM demo_batch_test_runs r WHERE r.demo_session_id = $1"
                                         " ORDER BY r.created_at DESC LIMIT 1"};

constexpr Query kListRuns{"run.list", "SELECT " FTL_RUN_COLUMNS
                                      " FROM demo_batch_test_runs r WHERE r.demo_session_id = $1"
                                      " ORDER BY r.created_at DESC OFFSET $2::int LIMIT $3::int"};

constexpr Query kCountRuns{"run.count",
                           "SELECT count(*) AS total FROM demo_batch_test_runs WHERE demo_session_id = $1"};

constexpr Query kStandings{"run.standings",
                           "SELECT place, status, last_sequence FROM watched_runs($1::text[], $2::uuid[])"};

constexpr Query kEndRun{"run.end", R"(
  UPDATE demo_batch_test_runs
  SET status = $3, error = $4, error_type = $5, completed_at = now(), started_at = coalesce(started_at, now())
  WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running')
  RETURNING status)"};

constexpr Query kPauseRun{"run.pause", R"(
  UPDATE demo_batch_test_runs SET paused_until = now() + $3::bigint * interval '1 microsecond'
  WHERE demo_session_id = $1 AND id = $2::uuid AND status IN ('pending', 'running'))"};

constexpr Query kLowerTokens{"run.lower_tokens", R"(
  UPDATE demo_batch_test_runs r
  SET config = r.config || lowered.parameter,
      manifest = changed || jsonb_build_object('sha256', encode(sha256(convert_to(changed::text, 'UTF8')), 'hex'))
  FROM (SELECT jsonb_build_object('lowered_max_tokens', $3::int) AS parameter) AS lowered,
       LATERAL (SELECT jsonb_set(own.manifest - 'sha256', '{parameters}', own.manifest->'parameters' || lowered.parameter) AS changed
                FROM demo_batch_test_runs own WHERE own.demo_session_id = $1 AND own.id = $2::uuid) AS described
  WHERE r.demo_session_id = $1 AND r.id = $2::uuid AND status IN ('pending', 'running')
    AND coalesce((r.config->>'lowered_max_tokens')::int > $3::int, true))"};

constexpr Query kDropLeases{"run.drop_leases", R"(
  WITH ended AS (
    SELECT id FROM demo_batch_test_runs
    WHERE demo_session_id = $1 AND id = $2::uuid AND status NOT IN ('pending', 'running')),
  returned AS (DELETE FROM demo_run_returned WHERE demo_session_id = $1 AND test_run_id = (SELECT id FROM ended))
  DELETE FROM demo_run_leases WHERE demo_session_id = $1 AND test_run_id = (SELECT id FROM ended))"};

absl::StatusOr<pb::Run> OneRun(const std::vector<Rows>& rows, absl::Status otherwise) {
  TRY(RequireOpen(rows.front()));
  if (rows.back().empty()) return otherwise;
  return RunOf(rows.back()[0]);
}

}  // namespace

Task<std::string> RunStore::SessionOfRun(const CallContext& call, std::string test_run_id, std::string session_id) {
  if (!IsUuid(test_run_id)) co_return RunNotFound();
  CO_TRY(const Rows rows, co_await reads_.Run(call.deadline, SessionScope::None(), kSessionOfRun, Params(test_run_id)));
  auto session = rows.Only().Get<std::optional<std::string>>("session");
  if (!session) co_return RunNotFound();
  if (!session_id.empty()) {
    CO_TRY(const std::string hash, SessionHashOf(session_id));
    if (hash != *session) co_return RunNotFound();
  }
  co_return *std::move(session);
}

Task<RunSession> RunStore::LoadSession(const CallContext& call, std::string session) {
  std::vector<Statement> statements = AskRunSession(session);
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  co_return RunSessionFrom(rows);
}

Task<pb::Run> RunStore::Get(const CallContext& call, std::string session, std::string test_run_id) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kGetRun, Params(session, test_run_id)});
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  co_return OneRun(rows, RunNotFound());
}

Task<std::string> RunStore::Traceparent(Deadline deadline, std::string session, std::string test_run_id) {
  CO_TRY(const Rows rows,
         co_await reads_.Run(deadline, SessionScope(session), kTraceparent, Params(session, std::move(test_run_id))));
  co_return rows.empty() ? std::string() : rows[0].Get<std::string>("traceparent");
}

Task<pb::Run> RunStore::Latest(const CallContext& call, std::string session) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kLatestRun, Params(session)});
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  co_return OneRun(rows,
                   Refuse(Reason::kNoRun, "This session has no run yet. Start one with POST /api/demo/v2/batch-test."));
}

Statement AskRun(std::string_view session, std::string_view test_run_id) {
  return {kGetRun, Params(session, test_run_id)};
}

Task<RunStore::Page> RunStore::List(const CallContext& call, std::string session, int offset, int limit) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kListRuns, Params(session, offset, limit)});
  statements.push_back({kCountRuns, Params(session)});
  CO_TRY(const auto rows, co_await reads_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  Page page;
  for (const Row row : rows[1]) page.runs.push_back(RunOf(row));
  page.total = static_cast<int32_t>(rows[2].Only().Get<int64_t>("total"));
  co_return page;
}

Task<std::vector<std::optional<RunStanding>>> RunStore::Standings(Deadline deadline,
                                                                  const std::vector<WatchedRun>& runs) {
  std::vector<std::string> sessions;
  std::vector<std::string> ids;
  for (const WatchedRun& run : runs) {
    sessions.push_back(run.session);
    ids.push_back(run.test_run_id);
  }
  CO_TRY(const Rows rows, co_await reads_.Run(deadline, SessionScope::None(), kStandings, Params(sessions, ids)));
  std::vector<std::optional<RunStanding>> standings(runs.size());
  for (const Row row : rows) {
    standings.at(row.Get<int64_t>("place") - 1) = {.status = StatusOfWord(row.Get<std::string_view>("status")),
                                                   .last_sequence = row.Get<int64_t>("last_sequence")};
  }
  co_return standings;
}

Task<pb::Run> RunStore::End(const CallContext& call, std::string session, std::string test_run_id, Ending ending) {
  const auto error = ending.error.empty() ? std::nullopt : std::optional(ending.error);
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back(
      {kEndRun, Params(session, test_run_id, StatusWord(ending.status), error, ErrorTypeWord(ending.error_type))});
  statements.push_back({kDropLeases, Params(session, test_run_id)});
  statements.push_back({kGetRun, Params(session, test_run_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  if (!rows[1].empty()) run_metrics::Ended(ending.status);
  co_return OneRun(rows, RunNotFound());
}

Task<pb::Run> RunStore::Pause(const CallContext& call, std::string session, std::string test_run_id,
                              absl::Duration pause) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kPauseRun, Params(session, test_run_id, absl::ToInt64Microseconds(pause))});
  statements.push_back({kGetRun, Params(session, test_run_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  co_return OneRun(rows, RunNotFound());
}

Task<pb::Run> RunStore::LowerTokens(const CallContext& call, std::string session, std::string test_run_id,
                                    int max_tokens) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kLowerTokens, Params(session, test_run_id, max_tokens)});
  statements.push_back({kGetRun, Params(session, test_run_id)});
  CO_TRY(const auto rows, co_await database_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  co_return OneRun(rows, RunNotFound());
}

}  // namespace ftl::batch_runner
