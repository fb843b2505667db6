#pragma once

#include <string>

#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// How it went: how many completed, how fast, how long, and the one thing most worth looking at. The finding has
// metrics.
std::string TellVerdict(const Finding& finding);

// The opening summary: the verdict and an invitation to ask. The finding has metrics.
std::string TellSummary(const Finding& finding);

}  // namespace ftl::analytics
