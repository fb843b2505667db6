#include "services/session-vault/vault/master_keys.h"

#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

constexpr size_t kFingerprintBytes = 8;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<unsigned> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

std::optional<Secret> FromHex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto high = HexDigit(hex[2 * i]);
    const auto low = HexDigit(hex[2 * i + 1]);
    if (!high || !low) {
      Secret::Wipe(bytes);
      return std::nullopt;
    }
    bytes[i] = static_cast<char>(*high << 4 | *low);
  }
  return Secret::Take(std::move(bytes));
}

// Chance makes such a key about once in 2^128 draws.
bool IsMadeUp(std::string_view key) {
  for (size_t period = 1; period < key.size(); period *= 2) {
    if (key.substr(period) == key.substr(0, key.size() - period)) return true;
  }
  const auto step = [&](size_t i) { return static_cast<unsigned char>(key[i] - key[i - 1]); };
  for (size_t i = 2; i < key.size(); ++i) {
    if (step(i) != step(1)) return false;
  }
  return true;
}

absl::StatusOr<Secret> ParseOne(std::string_view hex, int position) {
  const auto refuse = [&](std::string_view fault) {
    return absl::InvalidArgumentError(fmt::format("key {} {}; make one with: openssl rand -hex 32", position, fault));
  };
  if (hex.empty()) return refuse("is missing");
  if (hex.size() != 2 * kAeadKeyBytes) return refuse(fmt::format("has {} characters, not 64", hex.size()));
  std::optional<Secret> key = FromHex(hex);
  if (!key) return refuse("has characters that are not hex digits");
  if (IsMadeUp(key->Reveal())) return refuse("is a sample or a pattern, not a random number");
  return *std::move(key);
}

}  // namespace

absl::StatusOr<MasterKeys> MasterKeys::Parse(const Secret& text) {
  std::vector<Secret> keys;
  std::string_view rest = text.Reveal();
  for (bool more = true; more;) {
    const size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto key = ParseOne(Trimmed(rest.substr(0, comma)), static_cast<int>(keys.size()) + 1);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
    if (more) rest.remove_prefix(comma + 1);
  }
  return MasterKeys(std::move(keys));
}

std::string MasterKeys::Fingerprint(const Secret& key) {
  return Derive(key, "master key fingerprint", "").substr(0, kFingerprintBytes);
}

const Secret* MasterKeys::Find(std::string_view fingerprint) const {
  for (const Secret& key : keys_) {
    if (Fingerprint(key) == fingerprint) return &key;
  }
  return nullptr;
}

std::string MasterKeys::Derive(const Secret& key, std::string_view purpose, std::string_view text) {
  const std::string input = LengthPrefixed({"finetunelab", purpose, text});
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.Reveal().data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace ftl::vault
