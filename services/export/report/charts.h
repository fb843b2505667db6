#pragma once

#include "services/export/chart/chart.h"
#include "services/export/report/findings.h"

namespace ftl::exporter {

// The charts of a run. Each has bars or dots; those of a run without successes have none and are not worth showing.
Chart DistributionChart(const RunFindings& findings);
Chart LatencyByPromptChart(const RunFindings& findings);
Chart FirstTokenChart(const RunFindings& findings);

bool IsEmpty(const Chart& chart);

}  // namespace ftl::exporter
