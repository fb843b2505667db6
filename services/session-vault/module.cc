#include "services/session-vault/module.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/error/try.h"
#include "common/performance/recorder.h"
#include "services/session-vault/identity/tokens.h"
#include "services/session-vault/keys/stored_keys.h"
#include "services/session-vault/rpc/identity_service.h"
#include "services/session-vault/rpc/key_lending_service.h"
#include "services/session-vault/rpc/session_vault_service.h"
#include "services/session-vault/rpc/stored_keys_service.h"
#include "services/session-vault/session/session_metrics.h"
#include "services/session-vault/settings.h"
#include "services/session-vault/store/key_folder.h"

namespace ftl::vault {
namespace {

// Per client address, beside DEMO_MAX_REQUESTS_PER_MINUTE: calls that go out to an endpoint. Those of a session are the
// share of all requests that may be such calls, so that a limit set high for many sessions is high for their tests too.
constexpr int32_t kModelListsPerMinute = 10;
constexpr int32_t kLeastConnectionTestsPerMinute = 30;
constexpr int32_t kRequestsPerConnectionTest = 20;

constexpr absl::Duration kLongestClaim = absl::Seconds(5);

// Everything the module is made of, in the order in which each stands on what is above it.
struct Machinery {
  Machinery(const VaultSettings& settings, EpochKeys epoch_keys, std::string folder_mark,
            asio::any_io_executor executor)
      : database(executor, settings.database),
        keys(std::move(epoch_keys)),
        folder(database, std::move(folder_mark)),
        policy(AddressPolicy::Options{.allow_localhost = settings.allow_localhost}),
        sessions(database),
        cleanups(database, settings.audit_days),
        admission(database, sessions, keys, {settings.session_life, settings.sessions_per_address}),
        retirement(database, keys),
        cleanup(cleanups, retirement),
        clock(database),
        sweep(database, cleanups, sessions, cleanup, retirement, clock),
        sweep_clock(executor, sweep, cleanups, keys, folder, clock),
        quotas(database,
               {{"requests_per_minute", settings.requests_per_minute},
                {"model_lists_per_minute", kModelListsPerMinute},
                {"connection_tests_per_minute",
                 std::max(kLeastConnectionTestsPerMinute, settings.requests_per_minute / kRequestsPerConnectionTest)}}),
        lending(sessions, keys, policy),
        stored_key_rows(database),
        stored_keys(stored_key_rows, keys.masters(),
                    AddressPolicy({.allow_localhost = settings.allow_localhost, .allow = settings.egress_allow})),
        token_rows(database),
        tokens(token_rows) {}

  Database database;
  EpochKeys keys;
  KeyFolder folder;
  AddressPolicy policy;
  SessionStore sessions;
  CleanupStore cleanups;
  Admission admission;
  KeyRetirement retirement;
  Cleanup cleanup;
  DatabaseClock clock;
  Sweep sweep;
  SweepClock sweep_clock;
  Quotas quotas;
  KeyLending lending;
  StoredKeyStore stored_key_rows;
  StoredKeys stored_keys;
  TokenStore token_rows;
  Tokens tokens;
};

class VaultModule final : public host::Module {
 public:
  explicit VaultModule(VaultSettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    CO_TRY(KeyDirectory directory, KeyDirectory::Open(settings_.key_dir));
    CO_TRY(std::string mark, directory.Mark());
    EpochKeys keys(std::move(directory), *std::move(settings_.master_keys), settings_.key_epoch,
                   settings_.session_life);
    machinery_ = std::make_unique<Machinery>(settings_, std::move(keys), std::move(mark), environment.executor);
    session_metrics::BeginAtZero();
    if (settings_.workspace != WorkspaceMode::kOff) recorder_.emplace(settings_.database);
    // Where the database is away the first sweep that reaches it notices.
    const absl::Status claimed = co_await machinery_->folder.Claim(DeadlineIn(kLongestClaim));
    if (absl::IsFailedPrecondition(claimed)) co_return claimed;
    machinery_->sweep_clock.Start();
    co_return absl::OkStatus();
  }

  void Serve(rpc::Registrar& registrar) override {
    Machinery& m = *machinery_;
    registrar.Add(std::make_unique<SessionVaultService>(
        registrar.serving(),
        SessionVaultService::Parts{m.sessions, m.admission, m.cleanup, m.sweep, m.sweep_clock, m.quotas, m.retirement,
                                   m.keys, m.stored_keys, m.policy, settings_.abandon_grace}));
    const bool has_workspace = settings_.workspace != WorkspaceMode::kOff;
    if (registrar.authenticated()) {
      registrar.Add(std::make_unique<KeyLendingService>(registrar.serving(), m.lending,
                                                        has_workspace ? &m.stored_keys : nullptr));
    }
    if (registrar.authenticated() && has_workspace) {
      registrar.Add(std::make_unique<StoredKeysService>(registrar.serving(), m.stored_keys));
      registrar.Add(std::make_unique<IdentityService>(registrar.serving(), m.tokens));
    }
  }

  Task<> Check(Deadline deadline) override {
    CO_TRY(machinery_->keys.List());
    co_return co_await machinery_->database.Check(deadline);
  }

  Task<> Stop() override {
    if (!machinery_) co_return absl::OkStatus();
    recorder_.reset();
    CO_TRY(co_await machinery_->sweep_clock.Stop());
    machinery_.reset();
    co_return absl::OkStatus();
  }

 private:
  VaultSettings settings_;
  std::unique_ptr<Machinery> machinery_;
  std::optional<performance::Recorder> recorder_;
};

}  // namespace

host::ModuleKind SessionVaultModule() {
  return {.name = "session-vault",
          .calls = {},
          .default_listen = "0.0.0.0:50051",
          .make = [](host::Settings& settings) { return std::make_unique<VaultModule>(ReadVaultSettings(settings)); },
          .passes_keys = true};
}

}  // namespace ftl::vault
