#include "services/session-vault/vault/pace_key.h"

#include <absl/strings/escaping.h>

#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {

std::string PaceKey(const MasterKeys& masters, const Endpoint& endpoint, const Secret& key, const Secret& headers) {
  std::string text = LengthPrefixed({endpoint.Origin(), key.Reveal()});
  text += headers.Reveal();
  std::string pace_key = absl::BytesToHexString(MasterKeys::Derive(masters.First(), "pace key", text));
  Secret::Wipe(text);
  return pace_key;
}

}  // namespace ftl::vault
