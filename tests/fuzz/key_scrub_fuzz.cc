// The session's key is gone from whatever an endpoint returns: plain, in hex, percent-encoded in any mixture, in base64
// behind any bytes, whole and in pieces. A `K` of the input stands for the key.
#include <openssl/evp.h>

#include "common/endpoint/answer/scrub.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

constexpr std::string_view kKey = "sk-fuzz/0123456789";

int HexDigit(char c) {
  const size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
  if (digit == std::string_view::npos) return -1;
  return static_cast<int>(digit < 16 ? digit : digit - 6);
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    decoded += is_escape ? static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])) : text[i];
    if (is_escape) i += 2;
  }
  return decoded;
}

std::string Base64(std::string_view text) {
  std::string coded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  coded.resize(static_cast<size_t>(size));
  return coded;
}

std::string WithKeys(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == 'K') {
      out += kKey;
    } else {
      out += c;
    }
  }
  return out;
}

bool HasKey(const std::string& text) {
  constexpr std::string_view kHex = "736b2d66757a7a2f30313233343536373839";
  return text.find(kHex) != std::string::npos || text.find(kKey) != std::string::npos ||
         PercentDecoded(text).find(kKey) != std::string::npos;
}

}  // namespace

void FuzzOne(std::string_view input) {
  static const Secret key(kKey);
  const KeyScrub scrub(key);
  const std::string text = WithKeys(input);
  const std::string clean = scrub.CleanAnswer(text);
  Require(!HasKey(clean) && !HasKey(scrub.CleanError(text)), "no key is left in a whole text");

  std::string passed;
  PieceScrub pieces(scrub);
  InPieces(text, input.size(), [&](std::string_view piece) {
    passed += pieces.Push(piece);
    Require(!HasKey(passed), "no key is passed on");
    return true;
  });
  passed += pieces.Flush();
  Require(!HasKey(passed), "no key is left in pieces");
  if (clean == text) Require(passed == text, "text without a key passes unchanged");

  const std::string coded = Base64(text + std::string(kKey) + std::string(input.substr(0, 5)));
  Require(scrub.CleanAnswer(coded).find(KeyScrub::kMark) != std::string::npos, "no key is left in base64");
}

}  // namespace ftl::fuzz
