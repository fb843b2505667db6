#pragma once

#include <string>
#include <vector>

#include "services/export/report/document.h"
#include "services/export/report/findings.h"

namespace ftl::exporter {

// Results as they stand in a document.

std::string PromptBeginning(const ShownResult& shown);
// A line each: prompt, how it ended, latency, first token, tokens, checks.
Table ResultTable(const std::vector<ShownResult>& results);
// Prompt and answer, cut with a word about it where they are long.
Sample SampleOf(const ShownResult& shown);

}  // namespace ftl::exporter
