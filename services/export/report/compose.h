#pragma once

#include <vector>

#include "services/export/report/document.h"
#include "services/export/report/findings.h"
#include "services/export/report/report.h"

namespace ftl::exporter {

// Puts a report into words: every sentence and every number of PDF and HTML. `findings` are those of the report's runs,
// oldest first, or of the latest of them where there are more than a document holds.
Document Compose(const Report& report, const std::vector<RunFindings>& findings);

}  // namespace ftl::exporter
