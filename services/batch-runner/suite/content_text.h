#pragma once

#include <string_view>

namespace ftl::batch_runner {

// A line of a text, without its line end, and its number from 1.
struct Line {
  std::string_view text;
  int number = 0;
};

// Walks over the lines of a text. LF, CRLF and CR alone end a line; the last needs no end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // False at the end.
  bool Next(Line& line);

 private:
  std::string_view rest_;
  int number_ = 0;
};

// Where the line that holds `from` ends: at its LF or CR, or at the end of the text. Takes large steps, since a text
// may be one line of megabytes.
size_t LineEnd(std::string_view text, size_t from = 0);

bool IsUtf8(std::string_view text);

// Without the white space around it, that of ASCII and that of Unicode.
std::string_view Trimmed(std::string_view text);

}  // namespace ftl::batch_runner
