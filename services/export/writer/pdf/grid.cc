#include "services/export/writer/pdf/grid.h"

#include <algorithm>
#include <numeric>

namespace ftl::exporter::pdf {
namespace {

constexpr double kPadding = 3.5;
constexpr double kGutter = 8;
constexpr Style kHeadStyle{.points = 7.5, .tone = Tone::kQuiet, .most_lines = 2};

class Grid {
 public:
  Grid(const Table& table, const Type& type, Flow& flow) : table_(table), type_(type), flow_(flow) {
    const double whole = std::accumulate(table.columns.begin(), table.columns.end(), 0.0,
                                         [](double sum, const Column& column) { return sum + column.weight; });
    double x = flow.left();
    for (const Column& column : table.columns) {
      const double width = flow.width() * column.weight / whole;
      places_.push_back({x, width - kGutter});
      x += width;
    }
    for (const Column& column : table.columns) head_.push_back({.text = column.name});
  }

  void Set() {
    flow_.Need(60);
    flow_.Open("Table");
    SetRow(head_, /*is_head=*/true, /*repeated=*/false);
    for (const std::vector<Cell>& row : table_.rows) SetRow(row, false, false);
    flow_.Close("Table");
    flow_.Skip(6);
  }

 private:
  struct Place {
    double x;
    double width;
  };

  Style StyleOf(size_t column, const Cell& cell, bool is_head) const {
    Style style = is_head ? kHeadStyle : Style{.points = 8, .most_lines = table_.most_lines};
    style.to_the_right = table_.columns[column].number;
    if (cell.fault) style.tone = Tone::kFault;
    return style;
  }

  void SetRow(const std::vector<Cell>& cells, bool is_head, bool repeated) {
    std::vector<Layout> layouts;
    double height = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      layouts.push_back(type_.Set(cells[i].text, StyleOf(i, cells[i], is_head), places_[i].width));
      height = std::max(height, HeightOf(layouts.back()));
    }
    height += 2 * kPadding;
    if (flow_.Need(height) && !is_head) SetRow(head_, true, true);
    const double top = flow_.y();
    if (!repeated) flow_.Open("TR");
    for (size_t i = 0; i < cells.size(); ++i) SetCell(cells[i], layouts[i], i, top, height, is_head, repeated);
    if (!repeated) flow_.Close("TR");
    flow_.Rule(flow_.left(), flow_.width(), top + height, is_head ? Tone::kInk : Tone::kLine);
    flow_.Take(height);
  }

  void SetCell(const Cell& cell, const Layout& layout, size_t column, double top, double height, bool is_head,
               bool repeated) {
    const Place& place = places_[column];
    if (cell.share) {
      flow_.Fill(place.x, top + 2, place.width, height - 4, Tone::kLine);
      flow_.Fill(place.x, top + 2, place.width * std::clamp(*cell.share, 0.0, 1.0), height - 4, Tone::kAccentSoft);
    }
    const char* element = is_head ? "TH" : "TD";
    if (!repeated) flow_.Open(element);
    flow_.PutAt(layout, StyleOf(column, cell, is_head).tone, place.x + (cell.share ? 4 : 0), top + kPadding);
    if (!repeated) flow_.Close(element);
  }

  const Table& table_;
  const Type& type_;
  Flow& flow_;
  std::vector<Place> places_;
  std::vector<Cell> head_;
};

}  // namespace

void SetGrid(const Table& table, const Type& type, Flow& flow) { Grid(table, type, flow).Set(); }

}  // namespace ftl::exporter::pdf
