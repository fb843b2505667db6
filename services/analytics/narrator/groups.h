#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Figures of groups beside each other. Says of no two that they differ: that needs a test.
std::string TellGroups(Telling& telling, const Finding& finding);

}  // namespace ftl::analytics
