#include "common/secret/sealed_box.h"

#include <cstdlib>

#include <sodium.h>

#include "common/secret/stack_residue.h"

namespace ftl {
namespace {

static_assert(SealedBox::kPublicKeyBytes == crypto_box_PUBLICKEYBYTES);

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Fails only where the system gives no random bytes.
void RequireSodium() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace

SealedBox::SealedBox() {
  RequireSodium();
  static_assert(sizeof secret_key_ == crypto_box_SECRETKEYBYTES);
  crypto_box_keypair(public_key_.data(), secret_key_.data());
}

SealedBox::~SealedBox() { sodium_memzero(secret_key_.data(), secret_key_.size()); }

std::string_view SealedBox::public_key() const {
  return {reinterpret_cast<const char*>(public_key_.data()), public_key_.size()};
}

std::optional<Secret> SealedBox::Open(std::string_view sealed) const {
  if (sealed.size() < crypto_box_SEALBYTES) return std::nullopt;
  std::string plain(sealed.size() - crypto_box_SEALBYTES, '\0');
  const bool opened =
      crypto_box_seal_open(Bytes(plain), Bytes(sealed), sealed.size(), public_key_.data(), secret_key_.data()) == 0;
  WipeStackResidue();
  if (!opened) return std::nullopt;
  return Secret::Take(std::move(plain));
}

std::optional<std::string> SealedBox::Seal(std::string_view public_key, const Secret& secret) {
  RequireSodium();
  if (public_key.size() != kPublicKeyBytes) return std::nullopt;
  const std::string_view plain = secret.Reveal();
  std::string sealed(plain.size() + crypto_box_SEALBYTES, '\0');
  const bool done = crypto_box_seal(Bytes(sealed), Bytes(plain), plain.size(), Bytes(public_key)) == 0;
  WipeStackResidue();
  if (!done) return std::nullopt;
  return sealed;
}

}  // namespace ftl
