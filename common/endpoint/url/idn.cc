#include "common/endpoint/url/idn.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include <idn2.h>

namespace ftl {
namespace {

struct Idn2Free {
  void operator()(void* memory) const { idn2_free(memory); }
};
template <typename Unit>
using Idn2Text = std::unique_ptr<Unit, Idn2Free>;

// `form` IDN2_NO_TR46 is IDNA2008 as it stands: it maps nothing and takes no symbols, and costs a quarter of UTS 46.
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

// Answers to the questions asked last on this thread: names repeat, and libidn2 takes a microsecond or two for each.
template <typename Answer>
class LastAnswers {
 public:
  template <typename Find>
  Answer Of(std::string_view text, const Find& find) {
    Entry& entry = entries_[std::hash<std::string_view>()(text) % entries_.size()];
    if (entry.text != text) entry = {std::string(text), find(std::string(text))};
    return entry.answer;
  }

 private:
  struct Entry {
    std::string text;
    Answer answer{};  // no question is empty
  };
  std::array<Entry, 256> entries_;
};

std::optional<std::string> AsciiNameOf(const std::string& name) {
  auto ascii = Encode(name, IDN2_NO_TR46);
  if (!ascii || Decode(*ascii) != name) return std::nullopt;
  for (std::string_view rest = *ascii; !rest.empty();) {
    const std::string label(rest.substr(0, rest.find('.')));
    if (IsALabel(label) && IsAllDigits(label)) return std::nullopt;
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  return ascii;
}

bool IsProper(const std::string& a_label) {
  const auto decoded = Decode(a_label);
  if (!decoded || *decoded == a_label || IsAllDigits(a_label)) return false;
  // Symbols such as emoji, which names in use have, are known to UTS 46 only, and to libidn2 in its transitional form.
  return Encode(*decoded, IDN2_NO_TR46) == a_label || Encode(*decoded, IDN2_TRANSITIONAL) == a_label;
}

}  // namespace

std::optional<std::string> ToAsciiName(std::string_view name) {
  thread_local LastAnswers<std::optional<std::string>> last;
  return last.Of(name, AsciiNameOf);
}

bool IsProperALabel(std::string_view label) {
  thread_local LastAnswers<bool> last;
  return last.Of(label, IsProper);
}

}  // namespace ftl
