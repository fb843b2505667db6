#pragma once

#include <vector>

#include "services/export/report/markdown.h"
#include "services/export/writer/pdf/flow.h"

namespace ftl::exporter::pdf {

// Sets Markdown at the flow's place: paragraphs, lists, quotations, code and tables. `style` is that of its paragraphs.
void SetProse(const std::vector<TextBlock>& blocks, const Style& style, const Type& type, Flow& flow);

}  // namespace ftl::exporter::pdf
