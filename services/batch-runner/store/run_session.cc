#include "services/batch-runner/store/run_session.h"

#include "common/error/try.h"
#include "common/session/session_gate.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kLoadSession{"run.load_session", R"(
  SELECT model_name, connection_tested, forget_key_after_run,
         key_forgotten OR (forget_key_after_run
                           AND EXISTS (SELECT 1 FROM demo_batch_test_runs
                                       WHERE demo_session_id = $1 AND status NOT IN ('pending', 'running'))) AS key_forgotten,
         (SELECT coalesce(sum(total_prompts), 0)::bigint FROM demo_batch_test_runs WHERE demo_session_id = $1) AS prompts_used,
         (SELECT allowed FROM demo_endpoint_pace
          WHERE demo_session_id = $1 AND greatest(lowered_at, next_call_at) >= now() - interval '1 minute') AS calls_allowed
  FROM demo_model_configs WHERE session_id = $1)"};

}  // namespace

std::vector<Statement> AskRunSession(std::string_view session) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back({kLoadSession, Params(session)});
  return statements;
}

absl::StatusOr<RunSession> RunSessionFrom(std::span<const Rows> rows) {
  TRY(RequireOpen(rows[0]));
  if (rows[1].empty()) return SessionExpired();  // between the two statements
  const Row row = rows[1].Only();
  return RunSession{.model_name = row.Get<std::string>("model_name"),
                    .connection_tested = row.Get<bool>("connection_tested"),
                    .forget_key_after_run = row.Get<bool>("forget_key_after_run"),
                    .key_forgotten = row.Get<bool>("key_forgotten"),
                    .prompts_used = row.Get<int64_t>("prompts_used"),
                    .calls_allowed = row.Get<std::optional<int32_t>>("calls_allowed")};
}

}  // namespace ftl::batch_runner
