#pragma once

#include <string>

#include "services/export/report/comparison.h"

namespace ftl::exporter {

// A comparison as rows and as an object, appended to `out`; 40 answers at the most, each whole. Pure.

// An answer a row. `sections`: mark, verdict and standings stand before them in commented sections, behind a byte order
// mark.
void AppendComparisonCsv(const ComparisonReport& report, bool sections, std::string& out);

// One JSON object: when it was taken, whether it is complete, the comparison's fields, and the standings.
void AppendComparisonJson(const ComparisonReport& report, std::string& out);

}  // namespace ftl::exporter
