#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "services/export/report/document.h"

namespace ftl::exporter {

// The place of each row of `table` were it sorted by that column, from 0, the least first: by value where cells have
// one, else by text; equals in the table's own order. Nullopt for rows that have nothing there. Pure.
std::vector<std::optional<size_t>> RanksBy(const Table& table, size_t column);

}  // namespace ftl::exporter
