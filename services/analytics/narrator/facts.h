#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// What is so: a finding in short full sentences, in Markdown, with units. Every figure in it is in the finding. It says
// where a run is unfinished, and where there are too few results for a figure to mean much.
std::string TellFacts(Telling& telling, const Finding& finding);

}  // namespace ftl::analytics
