#pragma once

#include <cstddef>
#include <string>

namespace ftl::exporter {

// A table of more columns is not put into another order.
constexpr size_t kMostSortedColumns = 10;

// Appends the style element: the page's look on the palette of the charts. It also sorts: a table of class `sorts` has
// for each column i the radio buttons `ui` and `di`, each row its place in the variable --ri, and the table the
// column's width in --wi. Browsers that know no :has() show neither buttons nor another order.
void AppendStyle(std::string& out);

}  // namespace ftl::exporter
