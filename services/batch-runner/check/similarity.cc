#include "services/batch-runner/check/similarity.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ftl::batch_runner {
namespace {

// `text` is UTF-8.
uint32_t NextCharacter(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const uint32_t lead = byte(at);
  const size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t character = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) character = character << 6 | (byte(at + i) & 0x3F);
  at += bytes;
  return character;
}

// Latin, Greek and Cyrillic: the scripts whose common letters have two cases.
uint32_t LowerCase(uint32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)) return c + 0x20;
  if (c >= 0x100 && c <= 0x137) return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
  if (c >= 0x14A && c <= 0x177) return c | 1;
  if (c >= 0x391 && c <= 0x3A9) return c + 0x20;
  if (c >= 0x410 && c <= 0x42F) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  return c;
}

bool IsSpace(uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F ||
         c == 0x3000;
}

bool IsPunctuation(uint32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
  return c == 0xA1 || c == 0xAB || c == 0xB7 || c == 0xBB || c == 0xBF || (c >= 0x2010 && c <= 0x2027) ||
         (c >= 0x2030 && c <= 0x205E) || (c >= 0x3001 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3011) ||
         (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20);
}

bool IsWrittenWithoutSpaces(uint32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

using Token = std::u32string;

std::vector<Token> TokensOf(std::string_view text) {
  std::vector<Token> tokens;
  Token token;
  const auto finish = [&] {
    if (!token.empty() && token != U"a" && token != U"an" && token != U"the") tokens.push_back(token);
    token.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const uint32_t c = LowerCase(NextCharacter(text, at));
    if (IsSpace(c)) {
      finish();
    } else if (IsWrittenWithoutSpaces(c)) {
      finish();
      tokens.push_back(Token(1, c));
    } else if (!IsPunctuation(c)) {
      token += static_cast<char32_t>(c);
    }
  }
  finish();
  return tokens;
}

}  // namespace

double TokenF1(std::string_view answer, std::string_view reference) {
  const std::vector<Token> found = TokensOf(answer);
  const std::vector<Token> wanted = TokensOf(reference);
  if (found.empty() || wanted.empty()) return found.empty() && wanted.empty() ? 1 : 0;
  std::map<Token, int> left;
  for (const Token& token : wanted) ++left[token];
  int shared = 0;
  for (const Token& token : found) {
    const auto match = left.find(token);
    if (match != left.end() && match->second-- > 0) ++shared;
  }
  return 2.0 * shared / static_cast<double>(found.size() + wanted.size());
}

}  // namespace ftl::batch_runner
