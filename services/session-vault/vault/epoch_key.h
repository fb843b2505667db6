#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "common/secret/secret.h"

namespace ftl::vault {

// Names one key of one epoch. The epoch is known from its times; the random part tells two keys of the same epoch
// apart, of which the first was destroyed when its last session went.
struct KeyId {
  static constexpr size_t kBytes = 24;
  static constexpr size_t kRandomBytes = 8;

  absl::Time starts_at;  // whole seconds
  absl::Time dies_at;    // whole seconds: the key is destroyed then at the latest
  std::string random;    // kRandomBytes

  // kBytes long, and back; nullopt for another length.
  std::string Encoded() const;
  static std::optional<KeyId> Decoded(std::string_view bytes);

  // As it stands in the database, for people and for comparing: `1732172400-1732176900-0123456789abcdef`.
  std::string Text() const;
  static std::optional<KeyId> FromText(std::string_view text);
  // What all keys of one epoch share; also the name of the file: `1732172400-1732176900`.
  std::string Epoch() const;

  friend bool operator==(const KeyId&, const KeyId&) = default;
};

// A key that wraps the data keys of the sessions opened in its epoch.
struct EpochKey {
  KeyId id;
  Secret key;
};

}  // namespace ftl::vault
