#pragma once

#include <optional>

#include <absl/time/time.h>

#include "common/db/database.h"
#include "common/host/settings.h"
#include "common/workspace/workspace.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// What session-vault is told at its start.
struct VaultSettings {
  DatabaseSettings database;
  std::string key_dir;
  absl::Duration key_epoch;
  std::optional<MasterKeys> master_keys;  // absent only where `settings` has the fault
  absl::Duration session_life;
  int32_t sessions_per_address;
  int32_t requests_per_minute;
  absl::Duration abandon_grace;
  int32_t audit_days;
  bool allow_localhost;
  WorkspaceMode workspace;
  std::shared_ptr<const EgressAllow> egress_allow;
};

// Reads them; faults stay in `settings`.
VaultSettings ReadVaultSettings(host::Settings& settings);

}  // namespace ftl::vault
