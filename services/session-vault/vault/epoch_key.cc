#include "services/session-vault/vault/epoch_key.h"

#include <vector>

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "common/text/view.h"
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

std::optional<KeyId> KeyId::FromText(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(text), '-');
  int64_t starts_at = 0;
  int64_t dies_at = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &starts_at) || !absl::SimpleAtoi(parts[1], &dies_at)) {
    return std::nullopt;
  }
  KeyId id{absl::FromUnixSeconds(starts_at), absl::FromUnixSeconds(dies_at), absl::HexStringToBytes(parts[2])};
  // Only the one spelling that Text() gives.
  if (id.random.size() != kRandomBytes || id.Text() != text) return std::nullopt;
  return id;
}

std::string KeyId::Epoch() const {
  return fmt::format("{}-{}", absl::ToUnixSeconds(starts_at), absl::ToUnixSeconds(dies_at));
}

}  // namespace ftl::vault
