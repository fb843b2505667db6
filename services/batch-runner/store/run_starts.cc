#include "services/batch-runner/store/run_starts.h"

#include <span>
#include <utility>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "services/batch-runner/store/create_statement.h"
#include "services/batch-runner/store/pace_statements.h"
#include "services/batch-runner/store/run_door.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kRepeated{"run.repeated",
                          "SELECT r.idempotency_digest, " FTL_RUN_COLUMNS
                          " FROM demo_batch_test_runs r WHERE r.demo_session_id = $1 AND r.idempotency_key = $2"};

}  // namespace

Task<RunGround> RunStarts::LoadGround(const CallContext& call, std::string session, std::string suite_id) {
  std::vector<Statement> statements = AskRunSession(session);
  const size_t suite_at = statements.size();
  const bool may_be_there = IsUuid(suite_id);
  for (Statement& asked : may_be_there ? AskSuite(session, suite_id) : std::vector<Statement>()) {
    statements.push_back(std::move(asked));
  }
  CO_TRY(const auto rows, co_await grounds_.RunAll(call.deadline, SessionScope(session), std::move(statements)));
  CO_TRY(RunSession known, RunSessionFrom(rows));
  co_return RunGround{.session = std::move(known),
                      .suite = may_be_there ? SuiteFrom(std::span(rows).subspan(suite_at))
                                            : absl::StatusOr<pb::Suite>(SuiteNotFound())};
}

Task<std::optional<pb::Run>> RunStarts::Repeated(const CallContext& call, std::string session,
                                                 Idempotency idempotency) {
  if (idempotency.key.empty()) co_return std::optional<pb::Run>();
  CO_TRY(const Rows rows,
         co_await grounds_.Run(call.deadline, SessionScope(session), kRepeated, Params(session, idempotency.key)));
  if (rows.empty()) co_return std::optional<pb::Run>();
  if (rows[0].Get<std::string_view>("idempotency_digest") != idempotency.digest) {
    co_return Refuse(Reason::kIdempotencyKeyReused,
                     "This Idempotency-Key started another run. Use a new key for a new run.");
  }
  co_return std::optional(RunOf(rows[0]));
}

Task<CreatedRun> RunStarts::Create(const CallContext& call, std::string session, std::string id, std::string model_name,
                                   const RunPlan& plan, Idempotency idempotency, std::optional<FirstPrompts> first) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(session));
  statements.push_back(CreateRun({.session = session,
                                  .id = id,
                                  .model_name = model_name,
                                  .traceparent = call.traceparent,
                                  .plan = plan,
                                  .idempotency = idempotency,
                                  .first = first}));
  statements.push_back(ForgetPace(session));
  statements.push_back(AskRun(session, id));
  auto created = co_await starts_.RunAll(call.deadline, SessionScope(session), session, std::move(statements));
  if (!created.ok() && IsUniqueViolation(created.status())) {
    CO_TRY(std::optional<pb::Run> repeated, co_await Repeated(call, session, idempotency));
    if (repeated) co_return CreatedRun{.run = *std::move(repeated), .is_new = false};
    co_return Refuse(Reason::kRunInProgress, "A run is still going in this session. Wait for its end, or cancel it.");
  }
  // The row hangs on its session, which was open a moment ago.
  if (!created.ok() && IsForeignKeyViolation(created.status())) co_return SessionExpired();
  CO_TRY(const auto rows, std::move(created));
  CO_TRY(RequireOpen(rows.front()));
  if (rows.back().empty()) co_return RunNotFound();
  co_return CreatedRun{.run = RunOf(rows.back()[0]), .is_new = true};
}

}  // namespace ftl::batch_runner
