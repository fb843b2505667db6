#include "services/export/writer/html/html_writer.h"

#include <fmt/format.h>

#include "services/export/chart/palette.h"
#include "services/export/writer/html/escape.h"
#include "services/export/writer/html/prose.h"
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
    out_ += "<div class=\"wide\"><table class=\"set\">";
    AppendWidths(table);
    out_ += "<thead><tr>";
    for (const Column& column : table.columns) {
      out_ += column.number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
      AppendHtml(column.name, out_);
      out_ += "</th>";
    }
    out_ += "</tr></thead><tbody>\n";
    for (const std::vector<Cell>& row : table.rows) WriteRow(table, row);
    out_ += "</tbody></table></div>\n";
  }

  void operator()(const Sample& sample) {
    out_ += "<article>";
    Element("h3", sample.title);
    out_ += "<p class=\"note\">";
    AppendHtml(sample.facts, out_);
    out_ += "</p><blockquote class=\"prompt\" dir=\"auto\">";
    AppendHtml(sample.prompt, out_);
    out_ += "</blockquote>\n";
    AppendProse(sample.answer, out_);
    if (!sample.note.empty()) {
      out_ += "<p class=\"note\">";
      AppendHtml(sample.note, out_);
      out_ += "</p>";
    }
    out_ += "</article>\n";
  }

 private:
  void AppendWidths(const Table& table) {
    double whole = 0;
    for (const Column& column : table.columns) whole += column.weight;
    for (const Column& column : table.columns) {
      out_ += fmt::format("<col style=\"width:{:.1f}%\">", 100 * column.weight / whole);
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

  void WriteRow(const Table& table, const std::vector<Cell>& row) {
    out_ += "<tr>";
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
};

}  // namespace

std::string WriteHtml(const Document& document) {
  std::string out;
  out.reserve(64 * 1024);
  Page(out).Write(document);
  return out;
}

}  // namespace ftl::exporter
