#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Whether the groups of a finding that compares differ, figure by figure: which has more, with the test that shows it;
// that none is shown; or that they are too few to tell.
std::string TellDifferences(Telling& telling, const Finding& finding);

}  // namespace ftl::analytics
