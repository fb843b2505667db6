#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Facts of the runs themselves: when, how long, which model, which parameters.
std::string TellRunFacts(Telling& telling, const Finding& finding);

// What must be known before any figure: that a run is not over, or ended early. Empty where all of it is there.
std::string TellState(Telling& telling, const Finding& finding);

}  // namespace ftl::analytics
