#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::exporter {

// A piece of a line in one style.
struct Span {
  std::string text;
  bool bold = false;
  bool italic = false;
  bool code = false;
  bool struck = false;

  bool operator==(const Span&) const = default;
};
using Spans = std::vector<Span>;

// A paragraph, heading, list item, piece of code, table or rule.
struct TextBlock {
  enum class Kind { kParagraph, kHeading, kCode, kTable, kRule };
  Kind kind = Kind::kParagraph;
  int level = 0;       // of a heading, from 1
  int indent = 0;      // how many lists it stands in
  int quotes = 0;      // how many quotations it stands in
  std::string marker;  // of the list item that it begins: `•` or `3.`
  Spans text;
  std::vector<std::vector<Spans>> rows;  // of a table, its head first
};

// Text on one line so that ReadMarkdown gives its words back and nothing else; control characters are blanks.
std::string EscapedMarkdown(std::string_view text);

// Reads GitHub's Markdown without HTML, which stays text. Nothing in it can be clicked or fetched: a link is its words
// and, behind them, its address; a picture is its description. Linear in the size of `text`.
std::vector<TextBlock> ReadMarkdown(std::string_view text);

}  // namespace ftl::exporter
