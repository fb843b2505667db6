#include "common/session/session_id.h"

#include <array>

#include <absl/strings/escaping.h>
#include <openssl/sha.h>

#include "common/text/view.h"

namespace ftl {

bool IsSessionId(std::string_view text) {
  if (text.substr(0, kSessionIdPrefix.size()) != kSessionIdPrefix) return false;
  const std::string_view digits = text.substr(kSessionIdPrefix.size());
  return digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> SessionHash(std::string_view session_id) {
  if (!IsSessionId(session_id)) return std::nullopt;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(session_id.data()), session_id.size(), digest.data());
  return absl::BytesToHexString(ToAbsl(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())));
}

}  // namespace ftl
