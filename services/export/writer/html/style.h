#pragma once

#include <string>

namespace ftl::exporter {

// Appends the style element: the page's look on the palette of the charts.
void AppendStyle(std::string& out);

}  // namespace ftl::exporter
