#pragma once

#include <vector>

#include "services/export/report/document.h"
#include "services/export/report/findings.h"
#include "services/export/report/report.h"

namespace ftl::exporter {

// Appends the sections that tell of one run; those that have nothing to tell are left out.
void AddChapter(const Report& report, const RunFindings& findings, std::vector<Section>& sections);

}  // namespace ftl::exporter
