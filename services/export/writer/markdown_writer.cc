#include "services/export/writer/markdown_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

namespace ftl::exporter {
namespace {

constexpr int kHeadingsBefore = 3;  // those of a text stand below the report's own
constexpr int kLowestHeading = 6;
constexpr size_t kIndent = 4;

// One tick or more, so that `text` holds no row of so many.
std::string Fence(std::string_view text, size_t least) {
  size_t longest = 0;
  size_t row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  return std::string(std::max(least, longest + 1), '`');
}

std::string InlineCode(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  const std::string fence = Fence(line, 1);
  const bool is_padded = line.starts_with('`') || line.ends_with('`');
  return fence + (is_padded ? " " : "") + line + (is_padded ? " " : "") + fence;
}

// Marks hold only where they stand next to a word, so blanks at the ends are left outside.
std::string Marked(std::string_view text, std::string_view mark) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::string(text);
  const size_t last = text.find_last_not_of(' ') + 1;
  return fmt::format("{}{}{}{}{}", text.substr(0, first), mark, text.substr(first, last - first), mark,
                     text.substr(last));
}

// `line_end` stands where a line ends within the text.
std::string Inline(const Spans& spans, std::string_view line_end) {
  std::string out;
  for (const Span& span : spans) {
    std::string text;
    if (span.code) {
      text = InlineCode(span.text);
    } else {
      for (const absl::string_view line : absl::StrSplit(span.text, '\n')) {
        if (line.data() != span.text.data()) text += line_end;
        text += EscapedMarkdown({line.data(), line.size()});
      }
    }
    if (span.struck) text = Marked(text, "~~");
    if (span.italic) text = Marked(text, "*");
    if (span.bold) text = Marked(text, "**");
    out += text;
  }
  return out;
}

// Every line of `text` behind `before`, the first one behind `first`.
void AppendLines(std::string_view text, std::string_view first, std::string_view before, std::string& out) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  bool is_first = true;
  for (const absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    out += std::exchange(is_first, false) ? first : before;
    out.append(line.data(), line.size());
    out += '\n';
  }
  out += '\n';
}

// Markdown ends a line at a carriage return too.
std::string WithLineFeeds(std::string_view text) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()), {{"\r\n", "\n"}, {"\r", "\n"}});
}

std::string MarkerOf(const TextBlock& block) {
  if (block.marker == "\u2022") return "- ";
  if (block.marker == "\u2610") return "- [ ] ";
  if (block.marker == "\u2611") return "- [x] ";
  return block.marker + " ";
}

void AppendRow(const std::vector<std::string>& cells, std::string& out) {
  out += '|';
  for (const std::string& cell : cells) out += " " + cell + " |";
  out += '\n';
}

std::string TableOf(const TextBlock& block) {
  std::string text;
  for (size_t row = 0; row < block.rows.size(); ++row) {
    std::vector<std::string> cells;
    for (const Spans& cell : block.rows[row]) cells.push_back(Inline(cell, " "));
    AppendRow(cells, text);
    if (row == 0) AppendRow(std::vector<std::string>(cells.size(), "---"), text);
  }
  return text;
}

std::string CodeOf(const TextBlock& block) {
  std::string code;
  for (const Span& span : block.text) code += span.text;
  if (!code.ends_with('\n')) code += '\n';
  const std::string fence = Fence(code, 3);
  return fence + "\n" + code + fence;
}

std::string ContentOf(const TextBlock& block) {
  switch (block.kind) {
    case TextBlock::Kind::kHeading:
      return std::string(std::min(block.level + kHeadingsBefore, kLowestHeading), '#') + " " + Inline(block.text, " ");
    case TextBlock::Kind::kCode:
      return CodeOf(block);
    case TextBlock::Kind::kTable:
      return TableOf(block);
    case TextBlock::Kind::kRule:
      return "---";
    case TextBlock::Kind::kParagraph:
      return Inline(block.text, "\\\n");
  }
  return "";
}

void Append(const TextBlock& block, std::string_view before, std::string& out) {
  std::string place(before);
  for (int quotes = 0; quotes < block.quotes; ++quotes) place += "> ";
  const auto depth = static_cast<size_t>(block.indent);
  const std::string rest = place + std::string(depth * kIndent, ' ');
  const std::string first =
      block.marker.empty() || depth == 0 ? rest : place + std::string((depth - 1) * kIndent, ' ') + MarkerOf(block);
  AppendLines(ContentOf(block), first, rest, out);
}

class Text {
 public:
  explicit Text(std::string& out) : out_(out) {}

  void operator()(const Paragraph& paragraph) { AppendMarkdownBlocks(paragraph.text, out_); }

  void operator()(const Figures& figures) {
    for (const Figure& figure : figures.figures) {
      const std::string note = figure.note.empty() ? "" : fmt::format(" ({})", EscapedMarkdown(figure.note));
      out_ += fmt::format("- **{}:** {}{}\n", EscapedMarkdown(figure.label), EscapedMarkdown(figure.value), note);
    }
    out_ += '\n';
  }

  void operator()(const Facts& facts) {
    for (const auto& [name, value] : facts.facts) {
      out_ += fmt::format("- {}: {}\n", EscapedMarkdown(name), EscapedMarkdown(value));
    }
    out_ += '\n';
  }

  void operator()(const Chart& chart) {
    out_ += fmt::format("**{}.** {}\n\n", EscapedMarkdown(chart.title), EscapedMarkdown(chart.words));
  }

  void operator()(const Table& table) {
    std::vector<std::string> cells;
    std::vector<std::string> rules;
    for (const Column& column : table.columns) {
      cells.push_back(EscapedMarkdown(column.name));
      rules.emplace_back(column.number ? "---:" : "---");
    }
    AppendRow(cells, out_);
    AppendRow(rules, out_);
    for (const std::vector<Cell>& row : table.rows) {
      cells.clear();
      for (const Cell& cell : row) cells.push_back(EscapedMarkdown(cell.text));
      AppendRow(cells, out_);
    }
    out_ += '\n';
  }

  void operator()(const Sample& sample) {
    out_ += fmt::format("### {}\n\n", EscapedMarkdown(sample.title));
    if (!sample.facts.empty()) out_ += Marked(EscapedMarkdown(sample.facts), "*") + "\n\n";
    if (!sample.prompt.empty()) AppendLines(Inline({Span{.text = sample.prompt}}, "\\\n"), "> ", "> ", out_);
    if (!sample.whole.empty()) return AppendLines(WithLineFeeds(sample.whole), "> ", "> ", out_);
    for (const TextBlock& block : sample.answer) Append(block, "> ", out_);
    if (!sample.note.empty()) out_ += Marked(EscapedMarkdown(sample.note), "*") + "\n\n";
  }

 private:
  std::string& out_;
};

}  // namespace

void AppendMarkdownBlocks(const std::vector<TextBlock>& blocks, std::string& out) {
  for (const TextBlock& block : blocks) Append(block, "", out);
}

std::string WriteMarkdown(const Document& document) {
  std::string out = fmt::format("# {}\n\n", EscapedMarkdown(document.cover.title));
  out += EscapedMarkdown(document.cover.kind) + "  \u00B7  " + EscapedMarkdown(document.cover.details) + "\n\n";
  AppendMarkdownBlocks(document.cover.verdict.text, out);
  for (const Section& section : document.sections) {
    out += fmt::format("## {}\n\n", EscapedMarkdown(section.title));
    for (const Block& block : section.blocks) std::visit(Text(out), block);
  }
  out += EscapedMarkdown(document.footer) + "\n";
  return out;
}

}  // namespace ftl::exporter
