#pragma once

#include "common/db/query.h"
#include "common/db/session_scope.h"

namespace ftl {

// Names the sessions whose rows the rest of the transaction may see, or up to the next such statement; within BEGIN and
// COMMIT alone. Its text is `scope`'s, which must outlive it. SET LOCAL and not set_config(): a coordinator hands the one on
// to the servers that hold the rows, and cannot know of the other.
inline Statement NameSessions(const SessionScope& scope) { return {{"", scope.statement()}, {}}; }

}  // namespace ftl
