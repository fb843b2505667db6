#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// How many times the first of two figures the second is; of two groups, the more the less. Empty where one of them has
// no value, or what it is set against is 0.
std::string TellRatio(Telling& telling, const Finding& finding);

}  // namespace ftl::analytics
