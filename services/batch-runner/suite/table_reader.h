#pragma once

#include <string_view>

#include "services/batch-runner/suite/suite_reading.h"

namespace ftl::batch_runner {

// What parts the cells of a table, found by its first record; where that names nothing that is understood, by the first
// of the next lines that names a prompt and more: spreadsheets and our own CSV have titles above their header.
struct TableForm {
  char delimiter = ',';  // U+0000: each record is one cell
  bool has_header = false;
  size_t understood = 0;             // how many columns it names
  bool is_plainly_a_header = false;  // and no sentence with commas
  bool names_delimiter = false;      // the first line is `sep=;`
  int header_line = 1;               // lines above it are titles
};

// The form under which the header names most of what is understood; without a header that names a prompt, the one that
// gives most cells.
TableForm FormOfTable(std::string_view text);

// Whether every line, of two at least, has as many tabs as the first and one at least: cells copied from a spreadsheet.
bool IsPastedTable(std::string_view text);

// Reads the rows of a table. The header may be in the field's other words and have further columns; rows may be short.
void ReadTable(std::string_view text, SuiteReading& reading);

// Reads rows without a header: the prompt, and the expected answer where there are two columns.
void ReadPastedTable(std::string_view text, SuiteReading& reading);

}  // namespace ftl::batch_runner
