#include "services/session-vault/vault/envelope.h"

#include <optional>

#include <absl/strings/escaping.h>

#include "common/error/try.h"
#include "common/text/view.h"
#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHeadBytes = 1 + KeyId::kBytes;
constexpr size_t kWrappedKeyBytes = kAeadKeyBytes + kAeadOverheadBytes;
constexpr size_t kSmallestBytes = kHeadBytes + kWrappedKeyBytes + kAeadOverheadBytes;

std::string AssociatedData(std::string_view layer, std::string_view head, const Place& place) {
  return LengthPrefixed({"finetunelab envelope", layer, head, place.purpose, place.table, place.column,
                         place.session_hash, place.endpoint_origin});
}

// Only the one spelling that the encoder gives: base64 has several for the same bytes.
std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(ToAbsl(text), &bytes)) return std::nullopt;
  if (absl::Base64Escape(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> SealEnvelope(const EpochKey& key, const Place& place, const Secret& secret) {
  const std::string head = kVersion + key.id.Encoded();
  TRY(const Secret data_key, RandomSecret(kAeadKeyBytes));
  TRY(const std::string wrapped, AeadSeal(key.key, AssociatedData("data key", head, place), data_key.Reveal()));
  TRY(const std::string sealed, AeadSeal(data_key, AssociatedData("value", head, place), secret.Reveal()));
  return absl::Base64Escape(head + wrapped + sealed);
}

absl::StatusOr<Secret> OpenEnvelope(const EpochKeys& keys, const Place& place, std::string_view blob) {
  const std::optional<std::string> decoded = FromBase64(blob);
  if (!decoded || decoded->size() < kSmallestBytes || decoded->front() != kVersion) return CannotOpen();
  const std::string_view bytes = *decoded;
  const std::string_view head = bytes.substr(0, kHeadBytes);
  const auto key = keys.Find(*KeyId::Decoded(head.substr(1)));
  if (!key.ok()) return CannotOpen();
  TRY(const Secret data_key,
      AeadOpen(key->key, AssociatedData("data key", head, place), bytes.substr(kHeadBytes, kWrappedKeyBytes)));
  return AeadOpen(data_key, AssociatedData("value", head, place), bytes.substr(kHeadBytes + kWrappedKeyBytes));
}

}  // namespace ftl::vault
