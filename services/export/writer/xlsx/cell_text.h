#pragma once

#include <string>
#include <string_view>

namespace ftl::exporter {

// Text as a cell takes it: at most 32,767 UTF-16 units, which is the format's limit; what is longer is cut and says so.
std::string CellText(std::string_view text);

}  // namespace ftl::exporter
