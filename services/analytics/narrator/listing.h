#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Results by name: a ranking, a list with its total, one prompt told whole, why some failed or took long, differences
// to another run.
std::string TellList(Telling& telling, const Finding& finding);

// `#7 'How do I reset…'`, as a figure that leads to this result.
std::string PromptFigure(Telling& telling, const Finding& finding, const FoundResult& result);

}  // namespace ftl::analytics
