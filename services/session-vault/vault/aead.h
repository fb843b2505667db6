#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "common/secret/secret.h"

namespace ftl::vault {

inline constexpr size_t kAeadKeyBytes = 32;
inline constexpr size_t kAeadNonceBytes = 12;
inline constexpr size_t kAeadTagBytes = 16;
inline constexpr size_t kAeadOverheadBytes = kAeadNonceBytes + kAeadTagBytes;

// AES-256-GCM in the one shape that is used here: a 256-bit key, a 96-bit nonce, a 128-bit tag. Pure but for the
// system's random numbers. A sealed text is nonce, ciphertext and tag in a row, kAeadOverheadBytes longer than what it
// holds.

// `count` bytes from the system's random numbers. Fails rather than give weak ones.
absl::StatusOr<Secret> RandomSecret(size_t count);

// Draws its own nonce: nobody can hand one in, so nobody can hand the same one in twice. Fails on a key of another
// length and where there are no random numbers.
absl::StatusOr<std::string> AeadSeal(const Secret& key, std::string_view associated_data, std::string_view plaintext);

// What was sealed. A wrong key, a wrong length, other associated data and a changed bit give one and the same failure.
absl::StatusOr<Secret> AeadOpen(const Secret& key, std::string_view associated_data, std::string_view sealed);

// The one failure of everything here that opens.
absl::Status CannotOpen();

}  // namespace ftl::vault
