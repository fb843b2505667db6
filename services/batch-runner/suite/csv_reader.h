#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::batch_runner {

// More columns than this are no table of prompts.
constexpr size_t kMostColumns = 1000;

// One record of a CSV text and the line it begins at, from 1.
struct CsvRecord {
  int line = 0;
  std::vector<std::string> fields;
};

// Reads CSV as RFC 4180 says, with any sign between the cells and with what spreadsheets and people write: a quote
// within a cell that does not begin with one is text, spaces may stand around the quotes of a cell, LF, CRLF and CR
// alone end a record. Empty lines are left out. A library was no option: those at hand forget the lines and go on
// silently after a quote that is never closed.
class CsvReader {
 public:
  // `delimiter` U+0000: each record is one cell.
  explicit CsvReader(std::string_view text, char delimiter = ',') : text_(text), delimiter_(delimiter) {}

  // False at the end. INVALID_ARGUMENT with a sentence, at `record.line`; after it the next record can be read.
  absl::StatusOr<bool> Next(CsvRecord& record);

 private:
  absl::Status ReadField(std::string& field);
  absl::Status ReadQuoted(std::string& field);
  bool AtLineEnd() const { return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  bool AtDelimiter() const { return delimiter_ != '\0' && text_[at_] == delimiter_; }
  void SkipLine();
  void SkipLineEnd();

  std::string_view text_;
  char delimiter_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace ftl::batch_runner
