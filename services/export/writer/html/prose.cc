#include "services/export/writer/html/prose.h"

#include <algorithm>

#include <fmt/format.h>

#include "services/export/writer/html/escape.h"

namespace ftl::exporter {
namespace {

void AppendSpan(const Span& span, std::string& out) {
  std::string close;
  const auto in = [&](bool wanted, std::string_view name) {
    if (!wanted) return;
    out += fmt::format("<{}>", name);
    close = fmt::format("</{}>", name) + close;
  };
  in(span.bold, "strong");
  in(span.italic, "em");
  in(span.struck, "s");
  in(span.code, "code");
  AppendHtml(span.text, out);
  out += close;
}

void AppendSpans(const Spans& spans, std::string& out) {
  for (const Span& span : spans) AppendSpan(span, out);
}

void AppendTable(const TextBlock& block, std::string& out) {
  out += "<div class=\"wide\"><table>";
  for (size_t row = 0; row < block.rows.size(); ++row) {
    out += "<tr>";
    for (const Spans& cell : block.rows[row]) {
      out += row == 0 ? "<th dir=\"auto\">" : "<td dir=\"auto\">";
      AppendSpans(cell, out);
      out += row == 0 ? "</th>" : "</td>";
    }
    out += "</tr>\n";
  }
  out += "</table></div>\n";
}

// Lists and quotations are told by their indent: their markers are the text's own.
std::string PlaceOf(const TextBlock& block) {
  if (block.indent + block.quotes == 0) return "";
  return fmt::format(" style=\"margin-inline-start:{:.1f}em\"", 1.4 * (block.indent + block.quotes));
}

void AppendBlock(const TextBlock& block, std::string& out) {
  switch (block.kind) {
    case TextBlock::Kind::kRule:
      out += "<hr>\n";
      return;
    case TextBlock::Kind::kTable:
      return AppendTable(block, out);
    case TextBlock::Kind::kCode:
      out += fmt::format("<pre tabindex=\"0\"{}><code>", PlaceOf(block));
      AppendSpans(block.text, out);
      out += "</code></pre>\n";
      return;
    case TextBlock::Kind::kHeading: {
      const int level = std::min(block.level + 3, 6);
      out += fmt::format("<h{} dir=\"auto\">", level);
      AppendSpans(block.text, out);
      out += fmt::format("</h{}>\n", level);
      return;
    }
    case TextBlock::Kind::kParagraph:
      out += fmt::format("<p dir=\"auto\"{}{}>", block.quotes > 0 ? " class=\"quoted\"" : "", PlaceOf(block));
      if (!block.marker.empty()) out += fmt::format("<span class=\"marker\">{}</span> ", block.marker);
      AppendSpans(block.text, out);
      out += "</p>\n";
  }
}

}  // namespace

void AppendProse(const std::vector<TextBlock>& blocks, std::string& out) {
  for (const TextBlock& block : blocks) AppendBlock(block, out);
}

}  // namespace ftl::exporter
