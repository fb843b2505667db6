#include "services/export/writer/html/html_writer.h"

#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "services/export/chart/palette.h"
#include "services/export/writer/html/escape.h"
#include "services/export/writer/html/prose.h"
#include "services/export/writer/html/ranks.h"
#include "services/export/writer/html/style.h"
#include "services/export/writer/html/svg.h"

namespace ftl::exporter {
namespace {

constexpr double kChartWidth = 640;
constexpr double kChartHeight = 200;

class Page {
 public:
  explicit Page(std::string& out) : out_(out) {}

  void Write(const Document& document) {
    out_ += "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>";
    AppendHtml(document.title, out_);
    out_ += "</title>\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n";
    // Nothing is fetched and nothing runs, whatever a text might hold.
    out_ += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    AppendStyle(out_);
    out_ += "</head>\n<body><main>\n";
    Write(document.cover);
    if (document.sections.size() > 1) WriteContents(document);
    for (size_t i = 0; i < document.sections.size(); ++i) Write(document.sections[i], i);
    Element("footer", document.footer);
    out_ += "</main></body></html>\n";
  }

  void operator()(const Paragraph& paragraph) {
    const char* voice = paragraph.voice == Voice::kBody ? "" : paragraph.voice == Voice::kNote ? "note" : "fault";
    out_ += fmt::format("<div class=\"{}\">", voice);
    AppendProse(paragraph.text, out_);
    out_ += "</div>\n";
  }

  void operator()(const Figures& figures) {
    out_ += "<dl class=\"figures\">\n";
    for (const Figure& figure : figures.figures) {
      out_ += "<div>";
      Element("dt", figure.label);
      out_ += "<dd><b>";
      AppendHtml(figure.value, out_);
      out_ += "</b><small>";
      AppendHtml(figure.note, out_);
      out_ += "</small></dd></div>\n";
    }
    out_ += "</dl>\n";
  }

  void operator()(const Facts& facts) {
    out_ += "<dl class=\"facts\">\n";
    for (const auto& [name, value] : facts.facts) {
      Element("dt", name);
      Element("dd", value);
    }
    out_ += "</dl>\n";
  }

  void operator()(const Chart& chart) {
    out_ += "<figure><figcaption>";
    AppendHtml(chart.title, out_);
    out_ += "</figcaption>\n";
    AppendSvg(Draw(chart, kChartWidth, kChartHeight), chart.words, out_);
    out_ += "</figure>\n";
  }

  void operator()(const Table& table) {
    const bool sorts = table.sorts && table.rows.size() > 1 && table.columns.size() <= kMostSortedColumns;
    if (sorts) ++sorted_tables_;
    out_ += sorts ? "<div class=\"wide\"><table class=\"set sorts\"" : "<div class=\"wide\"><table class=\"set\"";
    AppendWidths(table, sorts);
    out_ += "<thead><tr>";
    for (size_t i = 0; i < table.columns.size(); ++i) {
      out_ += table.columns[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
      AppendHtml(table.columns[i].name, out_);
      if (sorts) AppendSwitches(table.columns[i].name, i);
      out_ += "</th>";
    }
    out_ += "</tr></thead><tbody>\n";
    std::vector<std::vector<std::optional<size_t>>> ranks;
    for (size_t i = 0; sorts && i < table.columns.size(); ++i) ranks.push_back(RanksBy(table, i));
    for (size_t row = 0; row < table.rows.size(); ++row) {
      out_ += "<tr";
      if (sorts) out_ += " style=\"";
      for (size_t i = 0; i < ranks.size(); ++i) {
        if (ranks[i][row]) out_ += fmt::format("--r{}:{};", i, *ranks[i][row]);
      }
      if (sorts) out_ += '"';
      WriteCells(table, table.rows[row]);
    }
    out_ += "</tbody></table></div>\n";
  }

  void operator()(const Sample& sample) {
    out_ += "<article>";
    Element("h3", sample.title);
    out_ += "<p class=\"note\">";
    AppendHtml(sample.facts, out_);
    out_ += "</p>";
    if (!sample.prompt.empty()) {
      out_ += "<blockquote class=\"prompt\" dir=\"auto\">";
      AppendHtml(sample.prompt, out_);
      out_ += "</blockquote>\n";
    }
    AppendProse(sample.answer, out_);
    if (!sample.note.empty()) {
      out_ += "<p class=\"note\">";
      AppendHtml(sample.note, out_);
      out_ += "</p>";
    }
    out_ += "</article>\n";
  }

 private:
  // Ends the table's tag. Rows that are put in order lay out their cells by themselves and look the widths up.
  void AppendWidths(const Table& table, bool sorts) {
    double whole = 0;
    for (const Column& column : table.columns) whole += column.weight;
    const auto width = [&](size_t i) { return 100 * table.columns[i].weight / whole; };
    if (sorts) out_ += " style=\"";
    for (size_t i = 0; sorts && i < table.columns.size(); ++i) out_ += fmt::format("--w{}:{:.1f}%;", i, width(i));
    out_ += sorts ? "\">" : ">";
    for (size_t i = 0; i < table.columns.size(); ++i) out_ += fmt::format("<col style=\"width:{:.1f}%\">", width(i));
  }

  // The two orders of a column: buttons of which one is pressed, to which the style answers (style.h).
  void AppendSwitches(std::string_view name, size_t column) {
    for (const auto& [direction, sign, words] :
         {std::tuple('u', "\u25B2", "least first"), std::tuple('d', "\u25BC", "greatest first")}) {
      out_ += fmt::format("<label class=\"by\"><input type=\"radio\" name=\"t{}\" class=\"{}{}\" aria-label=\"",
                          sorted_tables_, direction, column);
      AppendHtml(name, out_);
      out_ += fmt::format(", {}\"><span aria-hidden=\"true\">{}</span></label>", words, sign);
    }
  }

  void Element(std::string_view name, std::string_view text) {
    out_ += fmt::format("<{} dir=\"auto\">", name);
    AppendHtml(text, out_);
    out_ += fmt::format("</{}>\n", name);
  }

  void Write(const Cover& cover) {
    out_ += "<header><p class=\"kind\">";
    AppendHtml(cover.kind, out_);
    out_ += "</p>";
    Element("h1", cover.title);
    out_ += "<p class=\"note\">";
    AppendHtml(cover.details, out_);
    out_ += "</p><div class=\"verdict\">";
    AppendProse(cover.verdict.text, out_);
    out_ += "</div></header>\n";
  }

  void WriteContents(const Document& document) {
    out_ += "<nav aria-label=\"Contents\">";
    for (size_t i = 0; i < document.sections.size(); ++i) {
      out_ += fmt::format("<a{} href=\"#s{}\">", document.sections[i].level == 1 ? " class=\"chapter\"" : "", i);
      AppendHtml(document.sections[i].title, out_);
      out_ += "</a> ";
    }
    out_ += "</nav>\n";
  }

  void Write(const Section& section, size_t number) {
    out_ += fmt::format("<section id=\"s{}\"{}>", number, section.level == 1 ? " class=\"chapter\"" : "");
    Element("h2", section.title);
    for (const Block& block : section.blocks) std::visit(*this, block);
    out_ += "</section>\n";
  }

  // Ends the row's tag first.
  void WriteCells(const Table& table, const std::vector<Cell>& row) {
    out_ += '>';
    for (size_t i = 0; i < row.size(); ++i) {
      std::string classes = table.columns[i].number ? "n" : "";
      if (row[i].fault) classes += " fault";
      if (row[i].share) classes += " bar";
      out_ += classes.empty() ? "<td dir=\"auto\"" : fmt::format("<td class=\"{}\"", classes);
      if (row[i].share) out_ += fmt::format(" style=\"--share:{:.1f}%\"", 100 * *row[i].share);
      out_ += '>';
      AppendHtml(row[i].text, out_);
      out_ += "</td>";
    }
    out_ += "</tr>\n";
  }

  std::string& out_;
  int sorted_tables_ = 0;
};

}  // namespace

std::string WriteHtml(const Document& document) {
  std::string out;
  out.reserve(64 * 1024);
  Page(out).Write(document);
  return out;
}

}  // namespace ftl::exporter
