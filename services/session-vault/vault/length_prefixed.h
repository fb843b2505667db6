#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ftl::vault {

// `number` as 8 bytes, highest first.
inline std::string BigEndian(uint64_t number) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8) bytes[i] = static_cast<char>(number & 0xff);
  return bytes;
}

// Several texts as one, each after its length, so that no two different lists become the same bytes.
inline std::string LengthPrefixed(std::initializer_list<std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) {
    joined += BigEndian(text.size());
    joined += text;
  }
  return joined;
}

}  // namespace ftl::vault
