#pragma once

#include "common/db/query.h"
#include "common/db/session_scope.h"

namespace ftl {

// Names the sessions whose rows the rest of the transaction may see, or up to the next such statement.
inline Statement NameSessions(const SessionScope& scope) {
  constexpr Query kSetSessions{"db.set_sessions", "SELECT set_config('ftl.sessions', $1, true)"};
  return {kSetSessions, Params(scope.setting())};
}

}  // namespace ftl
