#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::batch_runner {

// One record of a CSV text and the line it begins at, from 1.
struct CsvRecord {
  int line = 0;
  std::vector<std::string> fields;
};

// Reads CSV as RFC 4180 says: comma, double quotes, quotes doubled within quotes, LF or CRLF. Strict: a quote within an
// unquoted field and text after a closing quote are faults. Empty lines are left out. A library was no option: those at
// hand read leniently and forget the lines.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  // False at the end. INVALID_ARGUMENT with a sentence, at `record.line`, after which nothing more can be read.
  absl::StatusOr<bool> Next(CsvRecord& record);

 private:
  absl::Status ReadField(std::string& field);
  absl::Status ReadQuoted(std::string& field);
  bool AtLineEnd() const;
  void SkipLineEnd();

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace ftl::batch_runner
