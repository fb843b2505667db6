#pragma once

#include <string_view>

#include "services/session-vault/vault/envelope.h"

namespace ftl::vault {

// Where a session's API key stands. The origin is that of the URL in the row, parsed anew each time: whoever changes
// the URL gets no key with it.
inline Place ApiKeyPlace(std::string_view session_hash, std::string_view endpoint_origin) {
  return Place{"api_key", "demo_model_configs", "api_key_encrypted", session_hash, endpoint_origin};
}

// Where its further headers stand.
inline Place HeadersPlace(std::string_view session_hash, std::string_view endpoint_origin) {
  return Place{"headers", "demo_model_configs", "headers_encrypted", session_hash, endpoint_origin};
}

}  // namespace ftl::vault
