#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "common/secret/secret.h"
#include "services/session-vault/vault/envelope.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// A secret that stays until it is deleted: base64 of format version, fingerprint of the master key, data key sealed
// under a key that is derived from the master key for this purpose alone, secret sealed under the data key. Otherwise
// as SealEnvelope; the place's `session_hash` names the row. Unlike a session's key it opens for as long as the master
// key is there, from a backup too.
absl::StatusOr<std::string> SealStored(const MasterKeys& masters, const Place& place, const Secret& secret);

// Another version, an unknown master key, another place, any changed character: one and the same failure.
absl::StatusOr<Secret> OpenStored(const MasterKeys& masters, const Place& place, std::string_view blob);

// The blob with its data key sealed under the first master key; nullopt where it is so already.
absl::StatusOr<std::optional<std::string>> RewrapStored(const MasterKeys& masters, const Place& place,
                                                        std::string_view blob);

}  // namespace ftl::vault
