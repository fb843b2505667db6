#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "common/secret/secret.h"
#include "services/session-vault/session/opening.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// A session id of 256 random bits.
absl::StatusOr<Secret> NewSessionId();

// How a repeated `configure` finds the session that the first one opened, without anything stored that opens it.
//
// Who sends an idempotency key gets a session id derived from it, from everything else they sent, and from a salt drawn
// for this session and kept in its row. A repeat finds the row by `digests`, derives anew and compares: the same id
// means the same content, another one that the key was used for something else. Every master key is tried, so that a
// repeat works over a change of keys.

// What the row is found by, one per master key, the first for storing. Says nothing of the idempotency key.
std::vector<std::string> IdempotencyDigests(const MasterKeys& masters, const Opening& opening);

// The session id of this opening under each master key, the first for a new session.
std::vector<Secret> DerivedSessionIds(const MasterKeys& masters, const Opening& opening, std::string_view salt);

}  // namespace ftl::vault
