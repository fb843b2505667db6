#pragma once

#include <vector>

#include "common/db/query.h"
#include "common/observe/trace/span.h"

namespace ftl {

// The span of statements that go to the database together, by their names: never by their text or values. Under what
// this thread works for; of nothing where that is not recorded.
trace::Span StatementSpan(const std::vector<Statement>& statements);

}  // namespace ftl
