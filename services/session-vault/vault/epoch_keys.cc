#include "services/session-vault/vault/epoch_keys.h"

#include <algorithm>
#include <optional>

#include "common/error/try.h"
#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

// A file: format, key id, fingerprint of the master key, sealed key.
constexpr std::string_view kFormat = "FTLEPOCH1";
constexpr size_t kFingerprintBytes = 8;
constexpr size_t kHeadBytes = kFormat.size() + KeyId::kBytes + kFingerprintBytes;
constexpr size_t kFileBytes = kHeadBytes + kAeadKeyBytes + kAeadOverheadBytes;

std::string AssociatedData(std::string_view head) { return LengthPrefixed({"finetunelab epoch key", head}); }

std::optional<KeyId> IdInHead(std::string_view file) {
  if (file.size() != kFileBytes || file.substr(0, kFormat.size()) != kFormat) return std::nullopt;
  return KeyId::Decoded(file.substr(kFormat.size(), KeyId::kBytes));
}

bool IsEpochName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find_first_not_of("0123456789-") == std::string_view::npos;
}

}  // namespace

EpochKeys::EpochKeys(KeyDirectory directory, MasterKeys masters, absl::Duration epoch, absl::Duration session_life)
    : directory_(std::move(directory)),
      masters_(std::move(masters)),
      epoch_(absl::Ceil(std::max(epoch, absl::Seconds(1)), absl::Seconds(1))),
      session_life_(absl::Ceil(session_life, absl::Seconds(1))) {}

KeyId EpochKeys::IdAt(absl::Time now) const {
  const absl::Time starts_at = absl::UnixEpoch() + absl::Floor(now - absl::UnixEpoch(), epoch_);
  return KeyId{starts_at, starts_at + epoch_ + session_life_, ""};
}

std::string EpochKeys::EpochAt(absl::Time now) const { return IdAt(now).Epoch(); }

absl::StatusOr<EpochKey> EpochKeys::KeyAt(absl::Time now) const {
  KeyId id = IdAt(now);
  const std::string epoch = id.Epoch();
  if (const auto present = IdIn(epoch); absl::IsNotFound(present.status())) {
    TRY(DestroyRuin(epoch));
    TRY(Secret random, RandomSecret(KeyId::kRandomBytes));
    TRY(Secret key, RandomSecret(kAeadKeyBytes));
    id.random = random.Reveal();
    TRY(const std::string wrapped, Wrap(EpochKey{id, std::move(key)}));
    TRY(directory_.Add(epoch, wrapped));
  }
  // Whether ours was first or another replica's: what has the name now is the key.
  TRY(const std::string file, directory_.Read(epoch));
  return Unwrap(file);
}

absl::StatusOr<EpochKey> EpochKeys::Find(const KeyId& id) const {
  TRY(const std::string file, directory_.Read(id.Epoch()));
  TRY(EpochKey key, Unwrap(file));
  if (key.id != id) return absl::NotFoundError("that key was destroyed");
  return key;
}

absl::StatusOr<std::vector<KeyId>> EpochKeys::List() const {
  TRY(const std::vector<std::string> names, directory_.Names());
  std::vector<KeyId> ids;
  for (const std::string& name : names) {
    if (!IsEpochName(name)) continue;
    const auto id = IdIn(name);
    if (absl::IsNotFound(id.status())) continue;
    TRY(id.status());
    ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end(), [](const KeyId& a, const KeyId& b) { return a.starts_at < b.starts_at; });
  return ids;
}

absl::Status EpochKeys::Destroy(const KeyId& id) const {
  TRY(const Descriptor lock, directory_.Lock());
  const auto present = IdIn(id.Epoch());
  if (absl::IsNotFound(present.status())) return absl::OkStatus();
  TRY(present.status());
  return *present == id ? directory_.Destroy(id.Epoch()) : absl::OkStatus();
}

absl::Status EpochKeys::DestroyOverdue(absl::Time now) const {
  TRY(const std::vector<KeyId> ids, List());
  absl::Status first_failure;
  for (const KeyId& id : ids) {
    if (id.dies_at <= now) first_failure.Update(Destroy(id));
  }
  return first_failure;
}

absl::StatusOr<int> EpochKeys::Rewrap() const {
  TRY(const Descriptor lock, directory_.Lock());
  TRY(const std::vector<KeyId> ids, List());
  int rewrapped = 0;
  for (const KeyId& id : ids) {
    TRY(const std::string file, directory_.Read(id.Epoch()));
    if (file.substr(kFormat.size() + KeyId::kBytes, kFingerprintBytes) == MasterKeys::Fingerprint(masters_.First()))
      continue;
    TRY(const EpochKey key, Unwrap(file));
    TRY(const std::string wrapped, Wrap(key));
    TRY(directory_.Replace(id.Epoch(), wrapped));
    ++rewrapped;
  }
  return rewrapped;
}

absl::Status EpochKeys::DestroyLeftovers(absl::Time now) const {
  TRY(const std::vector<std::string> names, directory_.Names());
  for (const std::string& name : names) {
    if (IsEpochName(name) && absl::IsNotFound(IdIn(name).status())) TRY(DestroyRuin(name));
  }
  TRY(const Descriptor lock, directory_.Lock());
  return directory_.DestroyLeftovers(now);
}

absl::Status EpochKeys::DestroyRuin(std::string_view epoch) const {
  if (absl::IsNotFound(directory_.Read(epoch).status())) return absl::OkStatus();
  TRY(const Descriptor lock, directory_.Lock());
  return absl::IsNotFound(IdIn(epoch).status()) ? directory_.Destroy(epoch) : absl::OkStatus();
}

absl::StatusOr<std::string> EpochKeys::Wrap(const EpochKey& key) const {
  const Secret& master = masters_.First();
  const std::string head = std::string(kFormat) + key.id.Encoded() + MasterKeys::Fingerprint(master);
  TRY(const std::string sealed, AeadSeal(master, AssociatedData(head), key.key.Reveal()));
  return head + sealed;
}

absl::StatusOr<KeyId> EpochKeys::IdIn(std::string_view epoch) const {
  TRY(const std::string file, directory_.Read(epoch));
  const std::optional<KeyId> id = IdInHead(file);
  // A replica overwrites before it unlinks; what is read in between is as good as gone.
  if (!id || id->Epoch() != epoch) return absl::NotFoundError("that key is being destroyed");
  return *id;
}

absl::StatusOr<EpochKey> EpochKeys::Unwrap(std::string_view file) const {
  const std::optional<KeyId> id = IdInHead(file);
  if (!id) return CannotOpen();
  const std::string_view head = file.substr(0, kHeadBytes);
  const Secret* const master = masters_.Find(head.substr(kHeadBytes - kFingerprintBytes));
  if (master == nullptr) return CannotOpen();
  TRY(Secret key, AeadOpen(*master, AssociatedData(head), file.substr(kHeadBytes)));
  return EpochKey{*id, std::move(key)};
}

}  // namespace ftl::vault
