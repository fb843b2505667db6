#include "services/export/writer/pdf/prose.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "services/export/writer/pdf/grid.h"

namespace ftl::exporter::pdf {
namespace {

constexpr double kIndent = 14;
constexpr double kBetween = 4;
constexpr double kCodeInset = 5;
// More columns than this cannot be read side by side on a page.
constexpr size_t kMostColumns = 8;

class Prose {
 public:
  Prose(const Style& style, const Type& type, Flow& flow) : style_(style), type_(type), flow_(flow) {}

  void Set(const TextBlock& block) {
    const double shift = kIndent * (block.indent + block.quotes);
    switch (block.kind) {
      case TextBlock::Kind::kHeading:
        return SetHeading(block, shift);
      case TextBlock::Kind::kCode:
        return SetCode(block, shift);
      case TextBlock::Kind::kTable:
        return SetTable(block);
      case TextBlock::Kind::kRule:
        flow_.Need(8);
        flow_.Rule(flow_.left() + shift, flow_.width() - shift, flow_.y() + 3);
        return flow_.Take(8);
      case TextBlock::Kind::kParagraph:
        return SetParagraph(block, shift);
    }
  }

 private:
  void SetHeading(const TextBlock& block, double shift) {
    Style style = style_;
    style.bold = true;
    style.points += block.level <= 2 ? 1.5 : 0.5;
    flow_.Skip(2);
    flow_.Need(36);
    Paragraph(block.text, style, shift);
  }

  void SetParagraph(const TextBlock& block, double shift) {
    if (!block.marker.empty()) {
      const Layout marker = type_.Set(block.marker, style_, kIndent * 2);
      flow_.Need(HeightOf(marker));
      flow_.PutAt(marker, Tone::kQuiet, flow_.left() + shift - kIndent, flow_.y());
    }
    Paragraph(block.text, style_, shift, block.quotes > 0);
  }

  void Paragraph(const Spans& text, const Style& style, double shift, bool quoted = false) {
    Flow::Behind bar;
    if (quoted) {
      bar = [x = flow_.left() + shift - 8](cairo_t* cairo, double top, double height) {
        SetTone(cairo, Tone::kLine);
        cairo_rectangle(cairo, x, top, 1.5, height + 1);
        cairo_fill(cairo);
      };
    }
    flow_.Open("P");
    flow_.Put(type_.Set(text, style, flow_.width() - shift), style.tone, flow_.left() + shift, bar);
    flow_.Close("P");
    flow_.Skip(kBetween);
  }

  void SetCode(const TextBlock& block, double shift) {
    Spans text = block.text;
    if (!text.empty() && text.back().text.ends_with('\n')) text.back().text.pop_back();
    Style style = style_;
    style.mono = true;
    style.points -= 1;
    const double width = flow_.width() - shift;
    const auto box = [x = flow_.left() + shift, width](cairo_t* cairo, double top, double height) {
      cairo_set_source_rgb(cairo, 0.953, 0.965, 0.961);
      cairo_rectangle(cairo, x, top - 0.5, width, height + 1);
      cairo_fill(cairo);
    };
    flow_.Open("Code");
    flow_.Put(type_.Set(text, style, width - 2 * kCodeInset), Tone::kInk, flow_.left() + shift + kCodeInset, box);
    flow_.Close("Code");
    flow_.Skip(kBetween);
  }

  static Cell CellOf(const Spans& spans) {
    Cell cell;
    for (const Span& span : spans) cell.text += span.text;
    return cell;
  }

  void SetTable(const TextBlock& block) {
    if (block.rows.empty()) return;
    const size_t columns = block.rows.front().size();
    const size_t shown = std::min(columns, kMostColumns);
    Table table;
    table.most_lines = 8;
    for (size_t i = 0; i < shown; ++i) table.columns.push_back({.name = CellOf(block.rows.front()[i]).text});
    for (size_t row = 1; row < block.rows.size(); ++row) {
      std::vector<Cell>& cells = table.rows.emplace_back();
      for (size_t i = 0; i < std::min(shown, block.rows[row].size()); ++i) {
        cells.push_back(CellOf(block.rows[row][i]));
      }
    }
    SetGrid(table, type_, flow_);
    if (shown == columns) return;
    TextBlock note;
    note.text = {
        Span{.text = fmt::format("This table has {} more columns, which do not fit on the page.", columns - shown)}};
    Style style = style_;
    style.tone = Tone::kQuiet;
    style.points -= 1;
    Paragraph(note.text, style, 0);
  }

  const Style& style_;
  const Type& type_;
  Flow& flow_;
};

}  // namespace

void SetProse(const std::vector<TextBlock>& blocks, const Style& style, const Type& type, Flow& flow) {
  Prose prose(style, type, flow);
  for (const TextBlock& block : blocks) prose.Set(block);
}

}  // namespace ftl::exporter::pdf
