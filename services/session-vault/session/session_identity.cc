#include "services/session-vault/session/session_identity.h"

#include <utility>

#include <absl/strings/escaping.h>

#include "common/error/try.h"
#include "common/session/session_id.h"
#include "common/text/view.h"
#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/length_prefixed.h"

namespace ftl::vault {
namespace {

Secret SessionIdOf(std::string_view bits) {
  return Secret::Take(std::string(kSessionIdPrefix) + absl::BytesToHexString(ToAbsl(bits)));
}

}  // namespace

absl::StatusOr<Secret> NewSessionId() {
  TRY(const Secret bits, RandomSecret(32));
  return SessionIdOf(bits.Reveal());
}

std::vector<std::string> IdempotencyDigests(const MasterKeys& masters, const Opening& opening) {
  const std::string text = LengthPrefixed({opening.address, opening.idempotency_key.Reveal()});
  std::vector<std::string> digests;
  for (const Secret& master : masters.All()) {
    digests.push_back(absl::BytesToHexString(MasterKeys::Derive(master, "idempotency key", text)));
  }
  return digests;
}

std::vector<Secret> DerivedSessionIds(const MasterKeys& masters, const Opening& opening, std::string_view salt) {
  std::string text = LengthPrefixed({opening.address, opening.idempotency_key.Reveal(), salt, opening.endpoint.Text(),
                                     opening.api_key.Reveal(), opening.model_id, opening.model_name, opening.provider,
                                     opening.forget_key_after_run ? "forget" : "keep", opening.header_lines.Reveal()});
  std::vector<Secret> ids;
  for (const Secret& master : masters.All()) {
    std::string bits = MasterKeys::Derive(master, "session id", text);
    ids.push_back(SessionIdOf(bits));
    Secret::Wipe(bits);
  }
  Secret::Wipe(text);
  return ids;
}

}  // namespace ftl::vault
