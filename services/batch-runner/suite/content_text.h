#pragma once

#include <string_view>

#include "common/error/refusal.h"

namespace ftl::batch_runner {

// A line of a text, without its LF or CRLF, and its number from 1.
struct Line {
  std::string_view text;
  int number = 0;
};

// Walks over the lines of a text. The last needs no line end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // False at the end.
  bool Next(Line& line);

 private:
  std::string_view rest_;
  int number_ = 0;
};

// Without the byte order mark that some editors put first.
std::string_view WithoutMark(std::string_view text);

std::string_view Trimmed(std::string_view text);

// Adds a fault of `content` for each line that holds U+0000 or is not UTF-8.
void NoteUnreadableLines(std::string_view text, FieldFaults& faults);

// Adds `line 7: what` as a fault of `content`.
void AddAtLine(int line, std::string_view what, FieldFaults& faults);

}  // namespace ftl::batch_runner
