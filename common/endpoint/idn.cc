#include "common/endpoint/idn.h"

#include <algorithm>
#include <array>
#include <memory>

#include <idn2.h>

namespace ftl {
namespace {

struct Idn2Free {
  void operator()(void* memory) const { idn2_free(memory); }
};
template <typename Unit>
using Idn2Text = std::unique_ptr<Unit, Idn2Free>;

std::optional<std::string> Encode(const std::string& name, int form) {
  uint8_t* text = nullptr;
  const auto* bytes = reinterpret_cast<const uint8_t*>(name.c_str());
  if (idn2_lookup_u8(bytes, &text, form | IDN2_NFC_INPUT) != IDN2_OK) return std::nullopt;
  const Idn2Text<uint8_t> owner(text);
  return std::string(reinterpret_cast<const char*>(text));
}

std::optional<std::string> Decode(const std::string& name) {
  char* text = nullptr;
  if (idn2_to_unicode_8z8z(name.c_str(), &text, 0) != IDN2_OK) return std::nullopt;
  const Idn2Text<char> owner(text);
  return std::string(text);
}

// The zero of each run of ten decimal digits outside ASCII (Unicode 14, general category Nd).
constexpr std::array<uint32_t, 64> kZeros = {
    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,   0xc66,   0xce6,   0xd66,   0xde6,
    0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,  0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,
    0x1c40,  0x1c50,  0xa620,  0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50,
    0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950};

bool IsDigit(uint32_t character) {
  if (character < 0x80) return character >= '0' && character <= '9';
  const auto above = std::upper_bound(kZeros.begin(), kZeros.end(), character);
  return above != kZeros.begin() && character - *(above - 1) < 10;
}

bool IsAllDigits(const std::string& label) {
  uint32_t* text = nullptr;
  if (idn2_to_unicode_8z4z(label.c_str(), &text, 0) != IDN2_OK) return true;
  const Idn2Text<uint32_t> owner(text);
  const uint32_t* end = text;
  while (*end != 0) ++end;
  return std::all_of(static_cast<const uint32_t*>(text), end, IsDigit);
}

}  // namespace

std::optional<std::string> ToAsciiName(std::string_view name) {
  const std::string given(name);
  const auto ascii = Encode(given, IDN2_NONTRANSITIONAL);
  if (!ascii || Decode(*ascii) != given) return std::nullopt;
  return ascii;
}

bool IsProperALabel(std::string_view label) {
  const std::string given(label);
  const auto decoded = Decode(given);
  if (!decoded || *decoded == given || IsAllDigits(given)) return false;
  // libidn2 knows symbols such as emoji, which names in use have, in the transitional form only.
  return Encode(*decoded, IDN2_NONTRANSITIONAL) == given || Encode(*decoded, IDN2_TRANSITIONAL) == given;
}

}  // namespace ftl
