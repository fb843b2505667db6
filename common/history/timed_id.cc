#include "common/history/timed_id.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>
#include <openssl/rand.h>

namespace ftl {
namespace {

constexpr size_t kLength = 36;

bool IsDash(size_t place) { return place == 8 || place == 13 || place == 18 || place == 23; }

}  // namespace

std::string TimedId(absl::Time moment) {
  unsigned char bytes[10];
  if (RAND_bytes(bytes, sizeof bytes) != 1) std::abort();
  bytes[0] = (bytes[0] & 0x0f) | 0x70;
  bytes[2] = (bytes[2] & 0x3f) | 0x80;
  const auto millis = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(moment))) & 0xffffffffffffU;
  std::string id = fmt::format("{:08x}-{:04x}", millis >> 16, millis & 0xffff);
  for (int i = 0; i < 10; ++i) {
    if (i == 0 || i == 2 || i == 4) id += '-';
    id += fmt::format("{:02x}", bytes[i]);
  }
  return id;
}

std::optional<absl::Time> TimeOfTimedId(std::string_view id) {
  if (id.size() != kLength || id[14] != '7') return std::nullopt;
  for (size_t i = 0; i < kLength; ++i) {
    if (IsDash(i) ? id[i] != '-' : !std::isxdigit(static_cast<unsigned char>(id[i]))) return std::nullopt;
  }
  const std::string digits = std::string(id.substr(0, 8)) + std::string(id.substr(9, 4));
  int64_t millis = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), millis, 16);
  return absl::FromUnixMillis(millis);
}

}  // namespace ftl
