#include "services/session-vault/vault/stored_envelope.h"

#include <absl/strings/escaping.h>

#include "common/error/try.h"
#include "common/text/view.h"
#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

constexpr char kVersion = 2;
constexpr size_t kFingerprintBytes = 8;
constexpr size_t kHeadBytes = 1 + kFingerprintBytes;
constexpr size_t kWrappedKeyBytes = kAeadKeyBytes + kAeadOverheadBytes;
constexpr size_t kSmallestBytes = kHeadBytes + kWrappedKeyBytes + kAeadOverheadBytes;

std::string HeadFor(const Secret& master) { return kVersion + MasterKeys::Fingerprint(master); }

Secret WrappingKey(const Secret& master) { return Secret::Take(MasterKeys::Derive(master, "stored api keys", "")); }

// The value is not bound to the master key: it stays as it is when that changes.
std::string AssociatedData(std::string_view layer, std::string_view head, const Place& place) {
  return LengthPrefixed({"finetunelab envelope", layer, head, place.purpose, place.table, place.column,
                         place.session_hash, place.endpoint_origin});
}

absl::StatusOr<std::string> WrapDataKey(const Secret& master, const Place& place, const Secret& data_key) {
  const std::string head = HeadFor(master);
  TRY(const std::string wrapped,
      AeadSeal(WrappingKey(master), AssociatedData("data key", head, place), data_key.Reveal()));
  return head + wrapped;
}

struct Opened {
  Secret data_key;
  std::string sealed;
  bool is_under_first;
};

absl::StatusOr<Opened> OpenDataKey(const MasterKeys& masters, const Place& place, std::string_view blob) {
  std::string bytes;
  // Only the one spelling that the encoder gives: base64 has several for the same bytes.
  if (!absl::Base64Unescape(ToAbsl(blob), &bytes) || absl::Base64Escape(bytes) != blob) return CannotOpen();
  if (bytes.size() < kSmallestBytes || bytes.front() != kVersion) return CannotOpen();
  const std::string_view head = std::string_view(bytes).substr(0, kHeadBytes);
  const Secret* master = masters.Find(head.substr(1));
  if (master == nullptr) return CannotOpen();
  TRY(Secret data_key, AeadOpen(WrappingKey(*master), AssociatedData("data key", head, place),
                                std::string_view(bytes).substr(kHeadBytes, kWrappedKeyBytes)));
  return Opened{std::move(data_key), bytes.substr(kHeadBytes + kWrappedKeyBytes), master == &masters.First()};
}

}  // namespace

absl::StatusOr<std::string> SealStored(const MasterKeys& masters, const Place& place, const Secret& secret) {
  TRY(const Secret data_key, RandomSecret(kAeadKeyBytes));
  TRY(const std::string wrapped, WrapDataKey(masters.First(), place, data_key));
  TRY(const std::string sealed, AeadSeal(data_key, AssociatedData("value", "", place), secret.Reveal()));
  return absl::Base64Escape(wrapped + sealed);
}

absl::StatusOr<Secret> OpenStored(const MasterKeys& masters, const Place& place, std::string_view blob) {
  TRY(const Opened opened, OpenDataKey(masters, place, blob));
  return AeadOpen(opened.data_key, AssociatedData("value", "", place), opened.sealed);
}

absl::StatusOr<std::optional<std::string>> RewrapStored(const MasterKeys& masters, const Place& place,
                                                        std::string_view blob) {
  TRY(const Opened opened, OpenDataKey(masters, place, blob));
  if (opened.is_under_first) return std::optional<std::string>();
  TRY(const std::string wrapped, WrapDataKey(masters.First(), place, opened.data_key));
  return std::optional<std::string>(absl::Base64Escape(wrapped + opened.sealed));
}

}  // namespace ftl::vault
