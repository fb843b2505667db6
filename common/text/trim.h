#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace ftl {

// White space beyond ASCII, and characters that only look like nothing: word processors, web pages and files put them
// around what is copied.
inline constexpr std::string_view kWideSpaces[] = {
    "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
    "\u2008", "\u2009", "\u200A", "\u200B", "\u2028", "\u2029", "\u202F", "\u205F", "\u2060", "\u3000", "\uFEFF"};
// The quotation marks that word processors make of straight ones.
inline constexpr std::string_view kWideQuotes[] = {"\u2018", "\u2019", "\u201A", "\u201C", "\u201D",
                                                   "\u201E", "\u00AB", "\u00BB", "\u2039", "\u203A"};

// `text` without the characters of `ascii` and of `wide` at its ends. A view into it. Pure.
inline std::string_view Trim(std::string_view text, std::string_view ascii, std::span<const std::string_view> wide) {
  for (size_t before = text.size() + 1; text.size() < before && !text.empty();) {
    before = text.size();
    const size_t begin = std::min(text.find_first_not_of(ascii), text.size());
    text = text.substr(begin, text.find_last_not_of(ascii) + 1 - begin);
    for (const std::string_view character : wide) {
      if (text.starts_with(character)) text.remove_prefix(character.size());
      if (text.ends_with(character)) text.remove_suffix(character.size());
    }
  }
  return text;
}

}  // namespace ftl
