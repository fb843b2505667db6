#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Figures over one set of results: values, counts and shares with what they are over.
std::string TellFigures(Telling& telling, const Finding& finding);

// A histogram by its percentiles and its fullest range.
std::string TellHistogram(Telling& telling, const Finding& finding);

// A figure's value as it is told, with its unit, as a figure of `link`.
std::string ValueText(Telling& telling, const pb::Query& query, const pb::Figure& figure, double value,
                      const std::string& link, const std::string& group = "");

}  // namespace ftl::analytics
