#pragma once

#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// What of an understanding the narrator has sentences for: one query in the words it knows. The rest becomes a question
// that was not understood, rather than a sentence about another one.
Understanding Tellable(Understanding understanding);

}  // namespace ftl::analytics
