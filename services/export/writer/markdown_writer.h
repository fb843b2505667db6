#pragma once

#include <string>
#include <vector>

#include "services/export/report/document.h"

namespace ftl::exporter {

// The document as Markdown: charts are told in their words, and answers are quoted, whole where the document has them
// so. Nothing of its texts is read as a part of the report.
std::string WriteMarkdown(const Document& document);

// Blocks as Markdown that ReadMarkdown gives back.
void AppendMarkdownBlocks(const std::vector<TextBlock>& blocks, std::string& out);

}  // namespace ftl::exporter
