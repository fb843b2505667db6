#pragma once

#include <string>
#include <string_view>

namespace ftl::exporter {

// Appends text that somebody else wrote as one cell of RFC 4180: in quotes where it holds a comma, a semicolon, a
// quote, a line break, a tab, or space at an end. Text that a spreadsheet would run as a formula gets an apostrophe
// before it, which makes it text: `=`, `+`, `-`, `@`, their full-width forms, tab, CR or LF as the first character
// after any spaces. A plain number, signed or not, stays as it is.
void AppendCell(std::string_view text, std::string& out);

}  // namespace ftl::exporter
