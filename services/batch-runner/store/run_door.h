#pragma once

#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "common/db/query.h"
#include "common/db/row.h"

namespace ftl::batch_runner {

// How a pipeline is let in by a run's id, a capability of its own, without a round trip to ask whose run it is: its
// first statements name the run's session to row security and ask whether it is open, and what follows reads the
// session from there (FTL_ENTERED_SESSION).
//   std::vector<Statement> statements = EnterRun(test_run_id, session);
//   statements.push_back({kGetRun, Params(test_run_id)});
//   CO_TRY(const auto rows, co_await database.RunAll(call.deadline, SessionScope::None(), std::move(statements)));
//   CO_TRY(RequireEntered(rows));
// `test_run_id` must be a UUID. `session` (hash) lets in only to a run of that session; empty for any.
std::vector<Statement> EnterRun(std::string_view test_run_id, std::string_view session);
inline constexpr size_t kEntered = 2;  // statements of EnterRun; the next one's rows are rows[kEntered]

// Its first statement alone: gives the run's `session`, named from here on, or no row.
Statement FindRun(std::string_view test_run_id, std::string_view session);

// RUN_NOT_FOUND, SESSION_EXPIRED or SESSION_NOT_FOUND.
absl::Status RequireEntered(const std::vector<Rows>& rows);

// The session that was entered, in SQL.
#define FTL_ENTERED_SESSION "current_setting('ftl.sessions', true)"

absl::Status RunNotFound();

}  // namespace ftl::batch_runner
