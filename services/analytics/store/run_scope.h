#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"

namespace ftl::analytics {

// Whose results: of one run of a session, or of all its runs.
struct RunScope {
  std::string session;             // the hash
  std::optional<std::string> run;  // nullopt: all runs
};

// Understands the two ids of a request, each of which may be empty but not both: a run's id alone finds its session.
// INVALID_FIELD, SESSION_NOT_FOUND, RUN_NOT_FOUND.
Task<RunScope> ResolveScope(Database& database, const CallContext& call, std::string session_id,
                            std::string test_run_id);

// One pipeline for `scope`: whether the session is open and the run is there, then `statements`, whose rows are given.
// SESSION_NOT_FOUND, SESSION_EXPIRED, RUN_NOT_FOUND.
Task<std::vector<Rows>> RunScoped(Database& database, const CallContext& call, RunScope scope,
                                  std::vector<Statement> statements);

absl::Status RunNotFound();

// Whether a run may have this id.
bool IsUuid(std::string_view text);

}  // namespace ftl::analytics
