#pragma once

#include <string>

#include "services/export/chart/drawing.h"

namespace ftl::exporter {

// Appends the drawing as an SVG element whose colours are the page's custom properties (`--ink` and so on). `words` is
// what it shows.
void AppendSvg(const Drawing& drawing, const std::string& words, std::string& out);

}  // namespace ftl::exporter
