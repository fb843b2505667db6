#include "common/workspace/token.h"

#include <array>

#include <absl/strings/escaping.h>
#include <openssl/sha.h>

#include "common/text/view.h"

namespace ftl {

std::string TokenSha256(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return absl::BytesToHexString(ToAbsl(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())));
}

// Hashed as a token is, of a text that is neither a token nor a session's id.
const std::string& LocalOwner() {
  static const auto* const kOwner = new std::string(TokenSha256("finetunelab local owner"));
  return *kOwner;
}

}  // namespace ftl
