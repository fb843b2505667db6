#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "common/db/query.h"
#include "common/db/row.h"

namespace ftl {

// The first statement of every pipeline that works for a session: is it still open, by the database's clock? It costs
// no round trip of its own, and a session in use is no longer abandoned.
//   CO_TRY(const std::string session, SessionHashOf(request.session_id()));
//   CO_TRY(auto rows, co_await database.RunAll(call.deadline, SessionScope(session), {AskSessionState(session), …}));
//   CO_TRY(RequireOpen(rows[0]));
Statement AskSessionState(std::string_view session_hash);
absl::Status RequireOpen(const Rows& state);

// The hash of a session's id; SESSION_NOT_FOUND for what is no session id, since such a session never was.
absl::StatusOr<std::string> SessionHashOf(std::string_view session_id);

// What a stranger is told.
absl::Status SessionNotFound();
absl::Status SessionExpired();

}  // namespace ftl
