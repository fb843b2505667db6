#include "services/export/writer/pdf/blocks.h"

#include <algorithm>

#include "services/export/writer/pdf/chart.h"
#include "services/export/writer/pdf/grid.h"
#include "services/export/writer/pdf/prose.h"

namespace ftl::exporter::pdf {
namespace {

constexpr Style kBody{.points = 9};
constexpr Style kNote{.points = 7.5, .tone = Tone::kQuiet};
constexpr Style kFault{.points = 9, .tone = Tone::kFault};
constexpr double kChartHeight = 150;
constexpr size_t kFiguresInARow = 4;
constexpr double kFigureHeight = 52;
constexpr double kFactName = 160;
constexpr double kLeastOfSection = 90;
// A table of so few rows is not parted.
constexpr size_t kFewRows = 6;
constexpr double kRowHeight = 29;

// What of a section has to stand on the page of its title.
double LeastOf(const Section& section) {
  const Table* table = section.blocks.empty() ? nullptr : std::get_if<Table>(&section.blocks.front());
  if (table == nullptr || table->rows.size() > kFewRows) return kLeastOfSection;
  return std::max(kLeastOfSection, 50 + kRowHeight * static_cast<double>(table->rows.size()));
}

Style StyleOf(Voice voice) {
  if (voice == Voice::kNote) return kNote;
  return voice == Voice::kFault ? kFault : kBody;
}

}  // namespace

void Setter::Text(const char* element, std::string_view text, const Style& style) {
  if (text.empty()) return;
  flow_.Open(element);
  flow_.Put(type_.Set(text, style, flow_.width()), style.tone, flow_.left());
  flow_.Close(element);
}

void Setter::Set(const Cover& cover) {
  flow_.Fill(flow_.left(), flow_.y() - 12, 28, 3, Tone::kAccent);
  Text("P", cover.kind, {.points = 8, .tone = Tone::kAccent, .bold = true});
  flow_.Take(2);
  Text("H1", cover.title, {.points = 23, .bold = true, .most_lines = 3});
  flow_.Take(2);
  Text("P", cover.details, {.points = 9, .tone = Tone::kQuiet, .most_lines = 4});
  flow_.Take(10);
  flow_.Rule(flow_.left(), flow_.width(), flow_.y(), Tone::kInk);
  flow_.Take(10);
  SetProse(cover.verdict.text, {.points = 12}, type_, flow_);
  flow_.Take(6);
}

void Setter::Set(const Section& section) {
  const bool is_chapter = section.level == 1;
  if (is_chapter && !flow_.at_top()) flow_.Turn();
  flow_.Skip(14);
  flow_.Need(LeastOf(section));
  flow_.Open("Sect");
  if (!section.title.empty()) {
    headings_.push_back({section.title, section.level, flow_.page(), flow_.y()});
    if (!is_chapter) flow_.Rule(flow_.left(), flow_.width(), flow_.y() - 4, Tone::kInk);
    Text(is_chapter ? "H1" : "H2", section.title, {.points = is_chapter ? 18.0 : 12.0, .bold = true, .most_lines = 2});
    flow_.Take(5);
  }
  for (const Block& block : section.blocks) std::visit(*this, block);
  flow_.Close("Sect");
}

void Setter::operator()(const Paragraph& paragraph) {
  SetProse(paragraph.text, StyleOf(paragraph.voice), type_, flow_);
}

void Setter::operator()(const Figures& figures) {
  const double step = flow_.width() / kFiguresInARow;
  for (size_t first = 0; first < figures.figures.size(); first += kFiguresInARow) {
    flow_.Need(kFigureHeight);
    const double top = flow_.y();
    for (size_t i = first; i < std::min(first + kFiguresInARow, figures.figures.size()); ++i) {
      const Figure& figure = figures.figures[i];
      const double x = flow_.left() + step * static_cast<double>(i - first);
      const double width = step - 12;
      flow_.Rule(x, width, top);
      flow_.Open("P");
      flow_.PutAt(type_.Set(figure.label, {.points = 7.5, .most_lines = 1}, width), Tone::kQuiet, x, top + 5);
      flow_.PutAt(type_.Set(figure.value, {.points = 16, .bold = true, .most_lines = 1}, width), Tone::kInk, x,
                  top + 14);
      flow_.PutAt(type_.Set(figure.note, {.points = 7, .most_lines = 1}, width), Tone::kQuiet, x, top + 37);
      flow_.Close("P");
    }
    flow_.Take(kFigureHeight);
  }
  flow_.Skip(2);
}

void Setter::operator()(const Facts& facts) {
  for (const auto& [name, value] : facts.facts) {
    const Layout called = type_.Set(name, {.points = 8.5, .most_lines = 2}, kFactName - 8);
    const Layout told = type_.Set(value, {.points = 8.5, .most_lines = 6}, flow_.width() - kFactName);
    const double height = std::max(HeightOf(called), HeightOf(told)) + 3;
    flow_.Need(height);
    const double top = flow_.y();
    flow_.Open("P");
    flow_.PutAt(called, Tone::kQuiet, flow_.left(), top);
    flow_.PutAt(told, Tone::kInk, flow_.left() + kFactName, top);
    flow_.Close("P");
    flow_.Take(height);
  }
  flow_.Skip(4);
}

void Setter::operator()(const Chart& chart) {
  flow_.Need(kChartHeight + 24);
  Text("P", chart.title, {.points = 9, .bold = true, .most_lines = 2});
  flow_.Take(4);
  figures_.push_back(chart.words);
  flow_.Open("Figure");
  flow_.Draw([drawing = Draw(chart, flow_.width(), kChartHeight), x = flow_.left(), y = flow_.y()](cairo_t* cairo) {
    DrawOn(cairo, drawing, x, y);
  });
  flow_.Close("Figure");
  flow_.Take(kChartHeight + 6);
}

void Setter::operator()(const Table& table) { SetGrid(table, type_, flow_); }

void Setter::operator()(const Sample& sample) {
  flow_.Need(80);
  Text("H3", sample.title, {.points = 9, .bold = true, .most_lines = 1});
  Text("P", sample.facts, kNote);
  flow_.Take(3);
  if (!sample.prompt.empty()) SetPrompt(sample.prompt);
  SetProse(sample.answer, kBody, type_, flow_);
  Text("P", sample.note, kNote);
  flow_.Take(6);
  flow_.Rule(flow_.left(), flow_.width(), flow_.y());
  flow_.Take(8);
}

void Setter::SetPrompt(std::string_view prompt) {
  const auto bar = [x = flow_.left()](cairo_t* cairo, double top, double height) {
    SetTone(cairo, Tone::kAccent);
    cairo_rectangle(cairo, x, top, 1.5, height + 1);
    cairo_fill(cairo);
  };
  flow_.Open("BlockQuote");
  flow_.Put(type_.Set(prompt, kBody, flow_.width() - 10), Tone::kInk, flow_.left() + 10, bar);
  flow_.Close("BlockQuote");
  flow_.Take(5);
}

}  // namespace ftl::exporter::pdf
