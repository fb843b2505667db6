#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/export/report/document.h"
#include "services/export/report/findings.h"

namespace ftl::exporter {

// Results as they stand in a document.

std::string PromptBeginning(const ShownResult& shown);
// A line each: prompt, how it ended, latency, first token, tokens, checks.
Table ResultTable(const std::vector<ShownResult>& results);
// Sets an answer of so many characters, whose beginning `text` is, cut with a word about it where it is long.
void SetAnswer(std::string_view text, int64_t characters, Sample& sample);
// Prompt and answer, cut with a word about it where they are long.
Sample SampleOf(const ShownResult& shown);

}  // namespace ftl::exporter
