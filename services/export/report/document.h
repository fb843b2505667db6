#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/time/time.h>

#include "services/export/chart/chart.h"
#include "services/export/report/markdown.h"

namespace ftl::exporter {

// A report as it is read: all of its words and numbers, and nothing of paper or markup. PDF and HTML are written from
// it. Texts are UTF-8 and have been made readable (report/readable.h) unless said otherwise.

// A headline figure.
struct Figure {
  std::string label;
  std::string value;
  std::string note;  // n, an interval, or why the figure means little
};
struct Figures {
  std::vector<Figure> figures;
};

// Names and values, a line each.
struct Facts {
  std::vector<std::pair<std::string, std::string>> facts;
};

enum class Voice { kBody, kNote, kFault };
struct Paragraph {
  std::vector<TextBlock> text;
  Voice voice = Voice::kBody;
};

// A paragraph of our own Markdown.
inline Paragraph Told(std::string_view markdown, Voice voice = Voice::kBody) { return {ReadMarkdown(markdown), voice}; }

struct Column {
  std::string name;
  double weight = 1;  // its share of the width
  bool number = false;
};
struct Cell {
  std::string text;
  std::optional<double> share = {};  // 0 to 1: drawn as a bar behind the text
  bool fault = false;
  std::optional<double> value = {};  // what a number's text tells, for who sorts
};
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  int most_lines = 3;  // of a cell; what is longer is cut
  bool sorts = false;  // a reader may want it in another order, where the medium lets him
};

// A prompt and its answer.
struct Sample {
  std::string title;
  std::string facts;
  std::string prompt;  // empty for none
  std::vector<TextBlock> answer;
  std::string note;   // that something was cut; empty where nothing was
  std::string whole;  // the answer as it came, for a medium that holds any length; empty where `answer` has to do
};

using Block = std::variant<Paragraph, Figures, Facts, Chart, Table, Sample>;

struct Section {
  std::string title;
  int level = 2;  // 1 for a chapter
  std::vector<Block> blocks;
};

struct Cover {
  std::string kind;     // what the document is
  std::string title;    // what it is about
  std::string details;  // endpoint, suite, date
  Paragraph verdict;
};

struct Document {
  std::string title;    // of the file
  std::string subject;  // likewise
  absl::Time made_at;
  Cover cover;
  std::vector<Section> sections;
  std::string footer;
};

}  // namespace ftl::exporter
