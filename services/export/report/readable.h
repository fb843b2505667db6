#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ftl::exporter {

// Text of a person or a model so that it can be set: line ends are LF, no more than one line is empty in a row, what
// would steer the page instead of standing on it (control characters, overrides of direction) or looks as each font
// likes (private use) is shown as its code point, and no more than eight characters without a width of their own
// (marks, joiners) follow each other. Valid UTF-8 stays valid.
std::string Readable(std::string_view text);

// `‹U+0007›`, for a character that cannot be shown.
std::string CodePointText(uint32_t character);

// The first `most` characters of valid UTF-8.
std::string_view Beginning(std::string_view text, size_t most);

// How many characters valid UTF-8 has.
int64_t CharactersOf(std::string_view text);

// On one line, `…` at the end where it is longer than `most` characters.
std::string OneLine(std::string_view text, size_t most);

}  // namespace ftl::exporter
