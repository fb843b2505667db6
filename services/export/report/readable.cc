#include "services/export/report/readable.h"

#include <algorithm>

#include <fmt/format.h>
#include <glib.h>

namespace ftl::exporter {
namespace {

constexpr int kMostWithoutWidth = 8;
constexpr int kMostLineEnds = 2;

constexpr gunichar kLineSeparator = 0x2028;
constexpr gunichar kParagraphSeparator = 0x2029;
constexpr gunichar kNextLine = 0x85;

bool EndsLine(gunichar c) {
  return c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == kNextLine || c == kLineSeparator ||
         c == kParagraphSeparator;
}

bool Steers(gunichar c) {
  const bool is_override = c == 0x202D || c == 0x202E;
  const bool is_no_character = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  const GUnicodeType type = g_unichar_type(c);
  return is_override || is_no_character || type == G_UNICODE_PRIVATE_USE || (type == G_UNICODE_CONTROL && c != '\t');
}

// Calls `take` with each character and its bytes. What is no UTF-8 comes as U+FFFD.
template <typename Take>
void ForEach(std::string_view text, Take take) {
  while (!text.empty()) {
    const gunichar c = g_utf8_get_char_validated(text.data(), static_cast<gssize>(text.size()));
    const bool broken = c >= static_cast<gunichar>(-2);
    const size_t size = broken ? 1 : static_cast<size_t>(g_utf8_skip[static_cast<unsigned char>(text[0])]);
    take(broken ? 0xFFFD : c, broken ? std::string_view("\uFFFD") : text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace

std::string Readable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  int line_ends = 0;
  int without_width = 0;
  bool after_cr = false;
  ForEach(text, [&](gunichar c, std::string_view bytes) {
    const bool is_pair = after_cr && c == '\n';
    after_cr = c == '\r';
    if (is_pair) return;
    if (EndsLine(c)) {
      if (++line_ends <= kMostLineEnds) out += '\n';
      return;
    }
    if (c != ' ' && c != '\t') line_ends = 0;
    without_width = g_unichar_iszerowidth(c) ? without_width + 1 : 0;
    if (without_width > kMostWithoutWidth) return;
    if (Steers(c)) {
      out += CodePointText(c);
    } else {
      out += bytes;
    }
  });
  return out;
}

std::string CodePointText(uint32_t character) { return fmt::format("\u2039U+{:04X}\u203A", character); }

int64_t CharactersOf(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string_view Beginning(std::string_view text, size_t most) {
  size_t at = 0;
  for (size_t characters = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && characters++ == most) break;
  }
  return text.substr(0, at);
}

std::string OneLine(std::string_view text, size_t most) {
  const std::string_view shown = Beginning(text, most);
  std::string line = Readable(shown);
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  if (shown.size() < text.size()) line += "\u2026";
  return line;
}

}  // namespace ftl::exporter
