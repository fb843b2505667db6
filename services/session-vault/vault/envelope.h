#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "common/secret/secret.h"
#include "services/session-vault/vault/epoch_key.h"
#include "services/session-vault/vault/epoch_keys.h"

namespace ftl::vault {

// Where a sealed value stands and what for. All of it is bound into both layers: a blob that is moved to another row,
// column or session, or stands beside another endpoint, does not open.
struct Place {
  std::string_view purpose;  // `api_key`
  std::string_view table;
  std::string_view column;
  std::string_view session_hash;
  std::string_view endpoint_origin;  // `https://host:443`
};

// A secret as it may stand in the database: base64 of format version, key id, data key sealed under the epoch key,
// secret sealed under the data key. The data key is drawn here and used once. Sealing the same twice gives two
// different blobs.
absl::StatusOr<std::string> SealEnvelope(const EpochKey& key, const Place& place, const Secret& secret);

// The secret. Another version, an unknown or destroyed key, another place, any changed character: one and the same
// failure.
absl::StatusOr<Secret> OpenEnvelope(const EpochKeys& keys, const Place& place, std::string_view blob);

}  // namespace ftl::vault
