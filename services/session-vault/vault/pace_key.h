#pragma once

#include <string>

#include "common/endpoint/url/endpoint.h"
#include "common/secret/secret.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// Stands for endpoint, key and further headers without telling anything of them: the same for everybody who has all of
// them, for as long as the first master key stays the first.
std::string PaceKey(const MasterKeys& masters, const Endpoint& endpoint, const Secret& key, const Secret& headers);

}  // namespace ftl::vault
