#pragma once

#include <string>

#include "finetunelab/exporter/v1/exporter_service.pb.h"
#include "services/export/report/document.h"

namespace ftl::exporter {

// The document as PDF: tagged, with title, language and outline, text that can be searched and copied, and nothing that
// can be clicked but the outline. The same document gives the same bytes. Takes some 20 ms a page while the thread's
// fonts are cold, far less once they are warm, and holds its thread meanwhile. Throws std::exception where cairo fails.
std::string WritePdf(const Document& document, finetunelab::exporter::v1::Paper paper);

// The first page of the same, as a PNG 900 pixels wide. Holds its thread and throws as WritePdf does.
std::string DrawFirstPage(const Document& document, finetunelab::exporter::v1::Paper paper);

}  // namespace ftl::exporter
