#include "services/session-vault/vault/epoch_key.h"

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

absl::Time SecondsFrom(std::string_view bytes) {
  uint64_t seconds = 0;
  for (const char byte : bytes.substr(0, 8)) seconds = seconds << 8 | static_cast<unsigned char>(byte);
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

}  // namespace

std::string KeyId::Encoded() const {
  return BigEndian(absl::ToUnixSeconds(starts_at)) + BigEndian(absl::ToUnixSeconds(dies_at)) + random;
}

std::optional<KeyId> KeyId::Decoded(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  return KeyId{SecondsFrom(bytes), SecondsFrom(bytes.substr(8)), std::string(bytes.substr(16))};
}

std::string KeyId::Text() const { return fmt::format("{}-{}", Epoch(), absl::BytesToHexString(random)); }

std::string KeyId::Epoch() const {
  return fmt::format("{}-{}", absl::ToUnixSeconds(starts_at), absl::ToUnixSeconds(dies_at));
}

}  // namespace ftl::vault
