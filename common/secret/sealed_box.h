#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "common/secret/secret.h"

namespace ftl {

// What lets another process send a secret that only this object can read: what lies between, such as the buffers of
// gRPC and TLS and the stacks of their threads, holds no plain byte of it. libsodium's sealed boxes
// (X25519, XSalsa20-Poly1305). They do not say who sealed: that is the connection's business. Any thread.
class SealedBox {
 public:
  static constexpr size_t kPublicKeyBytes = 32;

  // With a fresh pair of keys that ends with it.
  SealedBox();
  ~SealedBox();
  SealedBox(const SealedBox&) = delete;
  SealedBox& operator=(const SealedBox&) = delete;

  // To be given to whoever is to seal; kPublicKeyBytes bytes.
  std::string_view public_key() const;

  // What `Seal` was given with this public key; nullopt for anything else.
  std::optional<Secret> Open(std::string_view sealed) const;

  // Seals `secret` for the holder of `public_key`; nullopt where that is none. Another text each time, 48 bytes longer.
  static std::optional<std::string> Seal(std::string_view public_key, const Secret& secret);

 private:
  std::array<unsigned char, kPublicKeyBytes> public_key_;
  std::array<unsigned char, 32> secret_key_;
};

}  // namespace ftl
