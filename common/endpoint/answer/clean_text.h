#pragma once

#include <string>
#include <string_view>

namespace ftl {

// Whether `text` is valid UTF-8 without U+0000, as PostgreSQL and JSON want it.
bool IsCleanText(std::string_view text);

// Appends `text` with every U+0000 and every invalid byte sequence replaced by U+FFFD, so that it is seen. Pure.
void AppendCleanText(std::string_view text, std::string& out);

// At most `most` bytes of `text`, cut before a character and not within.
std::string_view CutText(std::string_view text, size_t most);

// `text` behind `held`, the end of the text before, with two halves of a surrogate pair that meet made one character.
// What may be the first part of a character at the end goes into `held`.
std::string JoinSplitCharacter(std::string_view text, std::string& held);

}  // namespace ftl
