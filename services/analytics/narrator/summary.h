#pragma once

#include <string>

#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// How it went: how many completed, how fast, how long, answers without text, and the one thing most worth looking at:
// failures, then answers without text, failed checks, answers cut by their limit, the slowest prompt. The finding has
// metrics.
std::string TellVerdict(Telling& telling, const Finding& finding);

// The opening summary: the verdict and an invitation to ask. The finding has metrics.
std::string TellSummary(Telling& telling, const Finding& finding);

// Knows every figure of the metrics, for what a model says of them.
void KnowMetrics(Telling& telling, const pb::Metrics& metrics);

}  // namespace ftl::analytics
