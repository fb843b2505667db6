#include "services/analytics/store/run_scope.h"

#include <cctype>
#include <iterator>
#include <utility>

#include "common/error/refusal.h"
#include "common/session/session_gate.h"

namespace ftl::analytics {
namespace {

constexpr Query kSessionOfRun{"scope.session_of_run", "SELECT session_of_run($1::uuid) AS session"};
constexpr Query kHasRun{"scope.has_run", R"(
  SELECT EXISTS (SELECT 1 FROM demo_batch_test_runs WHERE demo_session_id = $1 AND id = $2::uuid) AS there)"};

}  // namespace

bool IsUuid(std::string_view text) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == '-' ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

absl::Status RunNotFound() {
  return Refuse(Reason::kRunNotFound,
                "There is no such run in this session. Ask for the session's latest run instead.");
}

Task<RunScope> ResolveScope(Database& database, const CallContext& call, std::string session_id,
                            std::string test_run_id) {
  if (session_id.empty() && test_run_id.empty()) {
    FieldFaults faults;
    faults.Add("session_id", "is missing");
    co_return faults.Verdict();
  }
  RunScope scope;
  if (!session_id.empty()) {
    CO_TRY(scope.session, SessionHashOf(session_id));
  }
  if (test_run_id.empty()) co_return scope;
  if (!IsUuid(test_run_id)) co_return RunNotFound();
  if (scope.session.empty()) {
    CO_TRY(const Rows rows,
           co_await database.Run(call.deadline, SessionScope::None(), kSessionOfRun, Params(test_run_id)));
    auto session = rows.Only().Get<std::optional<std::string>>("session");
    if (!session) co_return RunNotFound();
    scope.session = *std::move(session);
  }
  scope.run = std::move(test_run_id);
  co_return scope;
}

Task<std::vector<Rows>> RunScoped(Database& database, const CallContext& call, RunScope scope,
                                  std::vector<Statement> statements) {
  std::vector<Statement> pipeline = {AskSessionState(scope.session)};
  if (scope.run) pipeline.push_back({kHasRun, Params(scope.session, *scope.run)});
  const size_t gates = pipeline.size();
  std::move(statements.begin(), statements.end(), std::back_inserter(pipeline));
  CO_TRY(std::vector<Rows> rows,
         co_await database.RunAll(call.deadline, SessionScope(scope.session), std::move(pipeline)));
  CO_TRY(RequireOpen(rows.front()));
  if (scope.run && !rows[1].Only().Get<bool>("there")) co_return RunNotFound();
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(gates));
  co_return rows;
}

}  // namespace ftl::analytics
