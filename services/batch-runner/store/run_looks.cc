#include "services/batch-runner/store/run_looks.h"

#include <utility>

#include <google/protobuf/util/json_util.h>

#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "common/session/session_state.h"
#include "services/batch-runner/store/run_door.h"
#include "services/batch-runner/store/run_row.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

// Gives one row, with the session's state, and with nothing else where there is no such run. Lets the statements after
// it in the pipeline, which may see more, agree with the run as it was read.
constexpr Query kLook{"run.look", "SELECT entered.state, " FTL_RUN_COLUMNS
                                  ", set_config($2, r.last_sequence::text, true) AS seen"
                                  " FROM (SELECT " FTL_SESSION_STATE(FTL_ENTERED_SESSION) " AS state) AS entered"
                                  " LEFT JOIN demo_batch_test_runs r ON r.demo_session_id = " FTL_ENTERED_SESSION
                                  " AND r.id = $1::uuid"};

constexpr Query kManifest{"run.manifest",
                          "SELECT manifest::text AS manifest FROM demo_batch_test_runs"
                          " WHERE demo_session_id = " FTL_ENTERED_SESSION " AND id = $1::uuid"};

}  // namespace

Task<RunLooks::View> RunLooks::Look(const CallContext& call, std::string session, std::string test_run_id,
                                    Request request) {
  if (!IsUuid(test_run_id)) co_return RunNotFound();
  const std::string known = known_.Of(test_run_id);
  if (!known.empty() && !session.empty() && session != known) co_return RunNotFound();
  std::vector<Statement> statements;
  if (known.empty()) statements.push_back(FindRun(test_run_id, session));
  const size_t look_at = statements.size();
  statements.push_back({kLook, Params(test_run_id, kLastSequence)});
  statements.push_back(AskByPrompt(test_run_id, request.after_prompt, std::nullopt, request.limit));
  if (request.manifest) statements.push_back({kManifest, Params(test_run_id)});
  CO_TRY(const auto rows, co_await Read(call, known, test_run_id, request.limit, std::move(statements)));
  if (known.empty() && rows[0].empty()) co_return RunNotFound();
  const absl::Status open = RequireOpen(rows[look_at]);
  if (!open.ok() && !known.empty()) {
    // What its id says a day after a session's end, only the long way knows.
    known_.Forget(test_run_id);
    co_return co_await Look(call, std::move(session), std::move(test_run_id), request);
  }
  CO_TRY(open);
  const Row run = rows[look_at].Only();
  if (run.IsNull("id")) co_return RunNotFound();
  if (known.empty()) known_.Learn(test_run_id, rows[0].Only().Get<std::string>("session"));
  View view{.run = RunOf(run), .page = PageOf(rows[look_at + 1], request.limit), .manifest = {}};
  if (request.manifest && !rows.back().empty()) {
    (void)google::protobuf::util::JsonStringToMessage(rows.back()[0].Get<std::string>("manifest"), &view.manifest);
  }
  co_return view;
}

Task<std::vector<Rows>> RunLooks::Read(const CallContext& call, const std::string& known,
                                       const std::string& test_run_id, int limit, std::vector<Statement> statements) {
  const SessionScope scope(known);
  if (limit > kShortPage) co_return co_await pages_.RunAll(call.deadline, scope, std::move(statements));
  co_return co_await looks_.RunAll(call.deadline, scope, known.empty() ? test_run_id : known, std::move(statements));
}

}  // namespace ftl::batch_runner
