#pragma once

#include <string>
#include <vector>

#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// What is so: a finding in short full sentences, in Markdown, with units. Every figure in it is in the finding. It says
// where a run is unfinished, and where there are too few results for a figure to mean much. `left_out` are words of the
// question that the query does without; they are named.
std::string TellFacts(const Finding& finding, const std::vector<std::string>& left_out);

}  // namespace ftl::analytics
