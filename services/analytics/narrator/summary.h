#pragma once

#include <string>

#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// The opening summary: how many completed, how fast, how long, the one thing most worth looking at, and an invitation
// to ask. The finding has metrics.
std::string TellSummary(const Finding& finding);

}  // namespace ftl::analytics
