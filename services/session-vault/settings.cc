#include "services/session-vault/settings.h"

#include <limits>
#include <string>

#include "common/host/database_settings.h"

namespace ftl::vault {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

std::optional<MasterKeys> ReadMasterKeys(host::Settings& settings) {
  const Secret text =
      settings.SecretText("DEMO_ENCRYPTION_KEY",
                          "The master keys, 64 hex characters each, separated by commas; the first wraps what is new.");
  absl::StatusOr<MasterKeys> keys = MasterKeys::Parse(text);
  if (keys.ok()) return *std::move(keys);
  settings.Fault("DEMO_ENCRYPTION_KEY", std::string(keys.status().message()));
  return std::nullopt;
}

}  // namespace

VaultSettings ReadVaultSettings(host::Settings& settings) {
  VaultSettings read;
  read.database = host::ReadDatabaseSettings(settings, "session-vault");
  read.key_dir = settings.Text("FTL_KEY_DIR", "",
                               "A folder outside every backup, shared by the vault's replicas, for the keys whose end "
                               "makes deleted sessions unreadable.");
  if (read.key_dir.empty()) settings.Fault("FTL_KEY_DIR", "is missing; name a folder outside every backup");
  read.key_epoch = settings.Span("FTL_KEY_EPOCH_SECONDS", absl::Minutes(15), absl::Seconds(1),
                                 "How long one of those keys wraps new sessions.");
  read.master_keys = ReadMasterKeys(settings);
  read.session_life = settings.Span("DEMO_SESSION_TTL_SECONDS", absl::Hours(1), absl::Seconds(1),
                                    "Life of a session from its creation.");
  read.sessions_per_address =
      settings.Number("DEMO_MAX_SESSIONS_PER_ADDRESS", 1, 1, kMost, "Sessions at a time per client address.");
  read.requests_per_minute =
      settings.Number("DEMO_MAX_REQUESTS_PER_MINUTE", 600, 1, kMost, "Requests of a client address in a minute.");
  read.abandon_grace = settings.Span("DEMO_ABANDON_GRACE_SECONDS", absl::Minutes(2), absl::Seconds(0),
                                     "How long a session whose page was left waits for its person.");
  read.audit_days = settings.Number("FTL_AUDIT_RETENTION_DAYS", 30, 1, kMost, "How long the audit log is kept.");
  read.allow_localhost =
      settings.Flag("DEMO_ALLOW_LOCALHOST", false, "Lets endpoints be on loopback, for development.");
  read.workspace = ReadWorkspaceMode(settings);
  read.egress_allow = ReadEgressAllow(settings);
  if (read.allow_localhost &&
      settings.Flag("FTL_PRODUCTION", false, "Refuses switches that are for development only.")) {
    settings.Fault("DEMO_ALLOW_LOCALHOST", "is for development and refused while FTL_PRODUCTION is true");
  }
  return read;
}

}  // namespace ftl::vault
