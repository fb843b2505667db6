#pragma once

#include <string>

#include "services/export/report/document.h"

namespace ftl::exporter {

// The document as one HTML file that refers to nothing outside itself and runs nothing: styles and charts are within
// it. Opens from a mail, prints, and takes the reader's light or dark.
std::string WriteHtml(const Document& document);

}  // namespace ftl::exporter
