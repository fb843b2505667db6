#include "services/export/writer/html/ranks.h"

#include <algorithm>

namespace ftl::exporter {
namespace {

bool IsLess(const Cell& one, const Cell& other) {
  return one.value && other.value ? *one.value < *other.value : one.text < other.text;
}

}  // namespace

std::vector<std::optional<size_t>> RanksBy(const Table& table, size_t column) {
  std::vector<size_t> rows;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    if (!table.rows[row][column].text.empty()) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [&](size_t one, size_t other) {
    return IsLess(table.rows[one][column], table.rows[other][column]);
  });
  std::vector<std::optional<size_t>> ranks(table.rows.size());
  for (size_t rank = 0; rank < rows.size(); ++rank) ranks[rows[rank]] = rank;
  return ranks;
}

}  // namespace ftl::exporter
