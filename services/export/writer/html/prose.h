#pragma once

#include <string>
#include <vector>

#include "services/export/report/markdown.h"

namespace ftl::exporter {

// Appends Markdown as HTML: made from what was read, so that nothing of the text is markup.
void AppendProse(const std::vector<TextBlock>& blocks, std::string& out);

}  // namespace ftl::exporter
