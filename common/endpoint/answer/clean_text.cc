#include "common/endpoint/answer/clean_text.h"

#include <cstring>
#include <utility>

namespace ftl {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsTail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the valid character at the front of `text`, which is not empty; 0 for none and for U+0000.
size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsTail(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool is_surrogate = lead == 0xED && second > 0x9F;
  const bool is_too_large = lead == 0xF4 && second > 0x8F;
  return is_overlong || is_surrogate || is_too_large ? 0 : length;
}

// How many bytes at the front of `text` are clean.
size_t CleanPrefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight;
    while (text.size() - at >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      const bool is_ascii = (eight & 0x8080808080808080u) == 0;
      const bool has_zero = ((eight - 0x0101010101010101u) & ~eight & 0x8080808080808080u) != 0;
      if (!is_ascii || has_zero) break;
      at += sizeof(eight);
    }
    if (at == text.size()) break;
    const size_t length = CharacterLength(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace

bool IsCleanText(std::string_view text) { return CleanPrefix(text) == text.size(); }

void AppendCleanText(std::string_view text, std::string& out) {
  while (true) {
    const size_t clean = CleanPrefix(text);
    out += text.substr(0, clean);
    if (clean == text.size()) return;
    out += kReplacement;
    text.remove_prefix(clean + 1);
    while (!text.empty() && IsTail(text[0])) text.remove_prefix(1);
  }
}

std::string JoinSplitCharacter(std::string_view text, std::string& held) {
  std::string joined = std::exchange(held, {});
  const size_t seam = joined.size();
  joined += text;
  const auto half = [&](size_t at) -> unsigned {  // the surrogate whose three bytes stand there, or 0
    if (joined.size() - at < 3 || joined[at] != '\xED' || static_cast<unsigned char>(joined[at + 1]) < 0xA0) return 0;
    return 0xD000u | ((joined[at + 1] & 0x3Fu) << 6) | (joined[at + 2] & 0x3Fu);
  };
  if (seam == 3 && half(0) != 0 && half(3) >= 0xDC00) {
    const unsigned code = 0x10000 + ((half(0) & 0x3FF) << 10) + (half(3) & 0x3FF);
    const char whole[] = {static_cast<char>(0xF0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 0x3F)),
                          static_cast<char>(0x80 | ((code >> 6) & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
    joined.replace(0, 6, whole, sizeof(whole));
  }
  size_t start = joined.size();
  while (start > 0 && joined.size() - start < 3 && IsTail(joined[start - 1])) --start;
  if (start == 0 || static_cast<unsigned char>(joined[start - 1]) < 0xC2) return joined;
  --start;
  const auto lead = static_cast<unsigned char>(joined[start]);
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const unsigned surrogate = half(start);
  if (joined.size() - start < length || (surrogate != 0 && surrogate < 0xDC00)) {
    held = joined.substr(start);
    joined.resize(start);
  }
  return joined;
}

std::string_view CutText(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && IsTail(text[most])) --most;
  return text.substr(0, most);
}

}  // namespace ftl
