#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "common/secret/secret.h"

namespace ftl::vault {

// The long-lived keys of an installation (DEMO_ENCRYPTION_KEY): the first wraps what is new, all of them open what is
// old. They open no session's API key by themselves: the epoch keys they wrap stand outside the database and die
// (epoch_keys.h).
class MasterKeys {
 public:
  // The sample of the documents. It is refused like every other key that somebody made up.
  static constexpr std::string_view kSample = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

  // 64 hex digits a key, several separated by commas. Refuses a missing or short one and one that is no random number:
  // all zero, a repeated pattern, bytes in even steps as in the sample. The message names its position and never shows
  // it.
  static absl::StatusOr<MasterKeys> Parse(const Secret& text);

  // Tells a key from others without telling anything about it: 8 bytes, the same at every start.
  static std::string Fingerprint(const Secret& key);

  const Secret& First() const { return keys_.front(); }
  const std::vector<Secret>& All() const { return keys_; }
  // The key of this fingerprint, or nullptr.
  const Secret* Find(std::string_view fingerprint) const;

  // HMAC-SHA256 (32 bytes) of `text` under `key`, for one named `purpose`: no two purposes share a value.
  static std::string Derive(const Secret& key, std::string_view purpose, std::string_view text);

 private:
  explicit MasterKeys(std::vector<Secret> keys) : keys_(std::move(keys)) {}

  std::vector<Secret> keys_;
};

}  // namespace ftl::vault
