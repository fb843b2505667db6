#include "services/batch-runner/suite/table_reader.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/endpoint/answer/clean_text.h"
#include "common/json/json_reader.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/conversation.h"
#include "services/batch-runner/suite/csv_reader.h"
#include "services/batch-runner/suite/field_names.h"
#include "services/batch-runner/suite/promptfoo.h"

namespace ftl::batch_runner {
namespace {

constexpr char kDelimiters[] = {',', ';', '\t', '|', '^', '~', '\x1F', '\x01'};
constexpr std::string_view kPromptfooAnswer = "__expected";
constexpr size_t kMostHeaderBytes = 64 * 1024;
constexpr int kMostTitles = 40;

bool IsPromptfooColumn(std::string_view name) { return name.starts_with(kPromptfooAnswer); }

std::vector<std::string> PlainNames(const CsvRecord& header) {
  std::vector<std::string> names;
  for (const std::string& cell : header.fields) names.push_back(PlainName(cell));
  return names;
}

// Which column holds what.
struct Columns {
  std::optional<size_t> prompt, expected, category, system, input, messages;
  std::vector<size_t> promptfoo;

  bool IsOfPrompts() const { return prompt || messages; }
  size_t Understood() const {
    return (prompt ? 1 : 0) + (expected ? 1 : 0) + (category ? 1 : 0) + (system ? 1 : 0) + (messages ? 1 : 0) +
           promptfoo.size();
  }
  bool Has(size_t i) const {
    return prompt == i || expected == i || category == i || system == i || input == i || messages == i ||
           std::find(promptfoo.begin(), promptfoo.end(), i) != promptfoo.end();
  }
};

Columns ColumnsOf(const std::vector<std::string>& names) {
  Columns columns;
  const auto find = names.size() == 1 ? &FieldFor : &FieldLike;
  columns.prompt = find(FieldRole::kPrompt, names);
  columns.expected = find(FieldRole::kExpected, names);
  columns.category = find(FieldRole::kCategory, names);
  columns.system = find(FieldRole::kSystem, names);
  for (size_t i = 0; i < names.size(); ++i) {
    if (IsPromptfooColumn(names[i])) columns.promptfoo.push_back(i);
    if (!columns.prompt && (names[i] == "messages" || names[i] == "conversation")) columns.messages = i;
    if (columns.prompt && names[*columns.prompt] == "instruction" && names[i] == "input") columns.input = i;
  }
  // A test has its variables in the other columns; the only one is what is asked.
  if (!columns.prompt && !columns.promptfoo.empty()) {
    std::vector<size_t> others;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!names[i].empty() && !names[i].starts_with("__") && !columns.Has(i)) others.push_back(i);
    }
    if (others.size() == 1) columns.prompt = others.front();
  }
  return columns;
}

std::optional<char> NamedDelimiter(std::string_view text) {
  if (text.size() < 5 || !(text.starts_with("sep=") || text.starts_with("SEP="))) return std::nullopt;
  if (text.size() > 5 && text[5] != '\r' && text[5] != '\n') return std::nullopt;
  const bool can_part = text[4] == '\t' || (text[4] > ' ' && text[4] < '\x7F' && text[4] != '"');
  return can_part ? std::optional(text[4]) : std::nullopt;
}

// The text after a line `sep=;`, which is counted as a line.
std::string_view WithoutFirstLine(std::string_view text) {
  Lines lines(text);
  Line first;
  (void)lines.Next(first);
  const size_t end = first.text.size();
  return text.substr(std::min(end + (text.substr(end, 2) == "\r\n" ? 2 : 1), text.size()));
}

bool IsRule(const std::vector<std::string>& cells) {
  bool has_dashes = false;
  for (const std::string& cell : cells) {
    if (cell.find_first_not_of("-:") != std::string::npos) return false;
    has_dashes |= cell.starts_with("--") || cell.starts_with(":-");
  }
  return has_dashes;
}

class Table {
 public:
  Table(const std::vector<std::string>& header, Columns columns, SuiteReading& reading)
      : width_(header.size()), columns_(std::move(columns)), reading_(reading) {
    for (size_t i = 0; i < header.size(); ++i) {
      if (!columns_.Has(i)) reading_.LeaveOut(Trimmed(header[i]));
    }
  }

  void Read(CsvRecord&& record, int line) {
    for (size_t i = width_; i < record.fields.size(); ++i) {
      if (Trimmed(record.fields[i]).empty()) continue;
      return reading_.Fault({line, ""},
                            fmt::format("has {} fields where the header has {}; put text with commas in quotes",
                                        record.fields.size(), width_));
    }
    record.fields.resize(width_);
    // A table of Markdown has space around its cells, and a line under its header.
    if (reading_.delimiter == "|") {
      for (std::string& cell : record.fields) cell = std::string(Trimmed(cell));
      if (IsRule(record.fields)) return;
    }
    const bool is_empty = std::all_of(record.fields.begin(), record.fields.end(),
                                      [](const std::string& cell) { return Trimmed(cell).empty(); });
    if (is_empty) return;
    pb::Prompt prompt;
    if (columns_.messages) {
      const std::string wrong = ReadMessages(record.fields[*columns_.messages], prompt);
      if (!wrong.empty()) return reading_.Fault({line, ""}, wrong);
    }
    const auto cell = [&](std::optional<size_t> at) {
      return at && !Trimmed(record.fields[*at]).empty() ? &record.fields[*at] : nullptr;
    };
    if (std::string* expected = cell(columns_.expected)) prompt.set_expected_answer(*expected);
    if (std::string* category = cell(columns_.category)) prompt.set_category(std::string(Trimmed(*category)));
    for (const size_t at : columns_.promptfoo) ReadPromptfooCell(record.fields[at], prompt, reading_);
    if (std::string* asked = cell(columns_.prompt)) {
      if (const std::string* input = cell(columns_.input)) *asked += "\n\n" + *input;
      prompt.set_prompt(std::move(*asked));
      if (const std::string* system = cell(columns_.system)) PutSystemFirst(*system, prompt);
    }
    reading_.Add(std::move(prompt), {line, ""});
  }

 private:
  // A cell that holds a conversation as JSON.
  static std::string ReadMessages(std::string_view cell, pb::Prompt& prompt) {
    const auto list = JsonDocument::Parse(cell);
    return list.ok() ? ReadConversation(list->root(), prompt) : "the messages are not JSON";
  }

  size_t width_;
  Columns columns_;
  SuiteReading& reading_;
};

// The first record under the titles at the top that names a prompt and more; the record's line, or 0.
int HeaderBelowTitles(std::string_view text, char delimiter) {
  CsvReader reader(text.substr(0, kMostHeaderBytes), delimiter);
  CsvRecord record;
  while (record.line <= kMostTitles) {
    const absl::StatusOr<bool> is_there = reader.Next(record);
    if (!is_there.ok()) continue;
    if (!*is_there) return 0;
    const Columns columns = ColumnsOf(PlainNames(record));
    if (columns.IsOfPrompts() && columns.Understood() > 1) return record.line;
  }
  return 0;
}

// What follows a comma in a sentence, or is longer than a name.
bool IsPhrase(const std::string& cell) {
  return cell.size() > 40 || cell.starts_with(' ') || cell.ends_with('.') || cell.ends_with('!');
}

std::string Titles(int lines) { return lines == 1 ? "line 1" : fmt::format("lines 1 to {}", lines); }

std::string DelimiterWord(char delimiter) { return delimiter == '\0' ? std::string() : std::string(1, delimiter); }

}  // namespace

TableForm FormOfTable(std::string_view text) {
  TableForm form;
  if (const std::optional<char> named = NamedDelimiter(text)) {
    form.names_delimiter = true;
    form.delimiter = *named;
    text = WithoutFirstLine(text);
  }
  size_t most_cells = 0;
  char widest = ',';
  for (const char delimiter : kDelimiters) {
    if (form.names_delimiter && delimiter != form.delimiter) continue;
    CsvReader reader(text.substr(0, kMostHeaderBytes), delimiter);
    CsvRecord header;
    const absl::StatusOr<bool> is_there = reader.Next(header);
    if (header.fields.size() > most_cells) {
      most_cells = header.fields.size();
      widest = delimiter;
    }
    if (!is_there.ok() || !*is_there) continue;
    const Columns columns = ColumnsOf(PlainNames(header));
    if (!columns.IsOfPrompts() || columns.Understood() <= form.understood) continue;
    form.understood = columns.Understood();
    form.has_header = true;
    form.delimiter = header.fields.size() == 1 && !form.names_delimiter ? '\0' : delimiter;
    form.is_plainly_a_header =
        form.understood > 1 || std::none_of(header.fields.begin(), header.fields.end(), IsPhrase);
  }
  for (const char delimiter : kDelimiters) {
    if (form.has_header || form.names_delimiter) break;
    const int line = HeaderBelowTitles(text, delimiter);
    if (line == 0) continue;
    form = {.delimiter = delimiter, .has_header = true, .is_plainly_a_header = true, .header_line = line};
  }
  if (!form.has_header && !form.names_delimiter) form.delimiter = widest;
  return form;
}

bool IsPastedTable(std::string_view text) {
  Lines lines(text);
  std::optional<ptrdiff_t> tabs;
  int rows = 0;
  for (Line line; lines.Next(line);) {
    if (Trimmed(line.text).empty()) continue;
    const ptrdiff_t here = std::count(line.text.begin(), line.text.end(), '\t');
    if (here == 0 || here != tabs.value_or(here)) return false;
    tabs = here;
    ++rows;
  }
  return rows >= 2;
}

void ReadTable(std::string_view text, SuiteReading& reading) {
  const TableForm form = FormOfTable(text);
  reading.delimiter = DelimiterWord(form.delimiter);
  const int lines_before = form.names_delimiter ? 1 : 0;
  CsvReader reader(form.names_delimiter ? WithoutFirstLine(text) : text, form.delimiter);
  CsvRecord record;
  std::optional<Table> table;
  while (!reading.IsFull()) {
    const absl::StatusOr<bool> is_there = reader.Next(record);
    const int line = record.line + lines_before;
    if (record.line < form.header_line && (!is_there.ok() || *is_there)) continue;
    if (!is_there.ok()) {
      reading.Fault({line, ""}, std::string(is_there.status().message()));
      if (!table) return;
      continue;
    }
    if (!*is_there) return;
    if (table) {
      table->Read(std::move(record), line);
      continue;
    }
    const std::vector<std::string> names = PlainNames(record);
    Columns columns = ColumnsOf(names);
    if (!columns.IsOfPrompts()) {
      return reading.Fault({line, ""}, fmt::format("the header names no prompt; call its column `prompt` (it has {})",
                                                   CutText(fmt::format("{}", fmt::join(names, ", ")), 200)));
    }
    for (const std::optional<size_t> at : {columns.prompt, columns.expected, columns.category}) {
      if (at && std::count(names.begin(), names.end(), names[*at]) > 1) {
        return reading.Fault({line, ""}, fmt::format("the column `{}` stands there twice", names[*at]));
      }
    }
    if (!columns.promptfoo.empty()) reading.shape = "promptfoo";
    if (form.header_line > 1) reading.LeaveOut(fmt::format("above the header: {}", Titles(form.header_line - 1)));
    table.emplace(record.fields, std::move(columns), reading);
  }
}

void ReadPastedTable(std::string_view text, SuiteReading& reading) {
  reading.delimiter = "\t";
  CsvReader reader(text, '\t');
  CsvRecord record;
  std::optional<Table> table;
  while (!reading.IsFull()) {
    const absl::StatusOr<bool> is_there = reader.Next(record);
    if (!is_there.ok()) {
      reading.Fault({record.line, ""}, std::string(is_there.status().message()));
      continue;
    }
    if (!*is_there) return;
    if (!table) {
      Columns columns;
      columns.prompt = 0;
      if (record.fields.size() == 2) columns.expected = 1;
      std::vector<std::string> names;
      for (size_t i = 0; i < record.fields.size(); ++i) names.push_back(fmt::format("column {}", i + 1));
      table.emplace(names, std::move(columns), reading);
    }
    const int line = record.line;
    table->Read(std::move(record), line);
  }
}

}  // namespace ftl::batch_runner
