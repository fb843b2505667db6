#pragma once

#include <functional>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "common/secret/sealed_box.h"
#include "common/session/session_id.h"
#include "services/session-vault/rpc/session_vault_service.h"
#include "services/session-vault/vault/key_lending.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::vault {
inline constexpr std::string_view kApiKey = "sk-live-never-to-be-seen-4242";
inline constexpr std::string_view kRunId = "b6a1c2d3-0000-4000-8000-000000000001";
inline constexpr absl::Duration kLong = absl::Seconds(20);

inline CallContext As(std::string caller) {
  CallContext call = OwnCall(kLong);
  call.caller = std::move(caller);
  return call;
}

// One replica of the service, on the test's own thread.
struct Replica {
  Replica(asio::io_context& io, const std::string& url, EpochKeys epoch_keys, absl::Duration life, int32_t per_address,
          std::function<absl::Time()> own_clock)
      : database(io.get_executor(), {.url = url, .role = "ftl_session_vault", .application_name = "tests"}),
        keys(std::move(epoch_keys)),
        admission(database, sessions, keys, {life, per_address}),
        clock(database, std::move(own_clock)),
        folder(database, "the mark of the test's folder"),
        sweep_clock(io.get_executor(), sweep, cleanups, keys, folder, clock),
        service(rpc::Serving(io.get_executor(), ""),
                {sessions, admission, cleanup, sweep, sweep_clock, quotas, retirement, keys, stored_keys,
                 AddressPolicy(), absl::Milliseconds(300)}) {}

  Database database;
  EpochKeys keys;
  SessionStore sessions{database};
  CleanupStore cleanups{database, /*audit_days=*/30};
  Admission admission;
  KeyRetirement retirement{database, keys};
  Cleanup cleanup{cleanups, retirement};
  DatabaseClock clock;
  Sweep sweep{database, cleanups, sessions, cleanup, retirement, clock};
  KeyFolder folder;
  SweepClock sweep_clock;
  Quotas quotas{database, {{"requests_per_minute", 10}}};
  KeyLending lending{sessions, keys, AddressPolicy()};
  StoredKeyStore stored_key_rows{database};
  StoredKeys stored_keys{stored_key_rows, keys.masters(), AddressPolicy()};
  SessionVaultService service;
};

class SessionVaultTest : public testing::Test {
 protected:
  std::unique_ptr<Replica> NewReplica(absl::Duration life = absl::Hours(1), int32_t per_address = 1,
                                      const std::string& masters = std::string(ScratchKeys::kMaster),
                                      absl::Duration clock_is_off = absl::ZeroDuration(), std::string folder = {}) {
    if (folder.empty()) folder = scratch_.path();
    EpochKeys keys(*KeyDirectory::Open(folder), *MasterKeys::Parse(Secret(masters)), absl::Minutes(15), life);
    return std::make_unique<Replica>(io_, test_database_.url(), std::move(keys), life, per_address,
                                     [clock_is_off] { return absl::Now() + clock_is_off; });
  }

  static pb::OpenSessionRequest Request(const std::string& address = "203.0.113.7") {
    pb::OpenSessionRequest request;
    request.set_endpoint_url("https://api.together.xyz/v1");
    request.set_api_key(std::string(kApiKey));
    request.set_model_id("org/model");
    request.set_client_address(address);
    return request;
  }

  absl::StatusOr<pb::OpenSessionResponse> Open(Replica& replica, const pb::OpenSessionRequest& request) {
    return Await(io_, replica.service.OpenSession(As("gateway"), request));
  }
  std::string OpenId(Replica& replica, const std::string& address = "203.0.113.7") {
    const auto opened = Open(replica, Request(address));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? opened->session_id() : "";
  }
  absl::StatusOr<pb::GetSessionResponse> Get(Replica& replica, const std::string& id) {
    pb::GetSessionRequest request;
    request.set_session_id(id);
    return Await(io_, replica.service.GetSession(As("gateway"), request));
  }
  absl::StatusOr<pb::CloseSessionResponse> Close(Replica& replica, const std::string& id,
                                                 pb::CloseWhen when = pb::CLOSE_WHEN_NOW) {
    pb::CloseSessionRequest request;
    request.set_session_id(id);
    request.set_when(when);
    return Await(io_, replica.service.CloseSession(As("gateway"), request));
  }
  absl::StatusOr<pb::LendKeyResponse> Lend(Replica& replica, const std::string& id,
                                           const std::string& caller = "batch-runner",
                                           pb::LendPurpose purpose = pb::LEND_PURPOSE_RUN) {
    pb::LendKeyRequest request;
    request.set_demo_session_id(*SessionHash(id));
    request.set_purpose(purpose);
    if (purpose == pb::LEND_PURPOSE_RUN) request.set_test_run_id(std::string(kRunId));
    request.set_seal_to(std::string(box_.public_key()));
    return Await(io_, replica.lending.Lend(As(caller), request));
  }
  pb::SweepSessionsResponse SweepNow(Replica& replica) {
    return *Await(io_, replica.service.SweepSessions(As(""), pb::SweepSessionsRequest()));
  }

  // As the superuser, past row security.
  Rows Sql(const std::string& sql) {
    auto rows = Await(io_, superuser_.Run(DeadlineIn(kLong), SessionScope::None(), Query{"", sql}));
    EXPECT_TRUE(rows.ok()) << rows.status() << " " << sql;
    return *std::move(rows);
  }
  int64_t Count(const std::string& from) { return Sql("SELECT count(*) AS n FROM " + from).Only().Get<int64_t>("n"); }
  void Expire(const std::string& id) {
    const std::string hash = *SessionHash(id);
    Sql(fmt::format(
        "UPDATE demo_model_configs SET created_at = now() - interval '2 h', expires_at = now() - interval '1 s' "
        "WHERE session_id = '{}'",
        hash));
    Sql(fmt::format("UPDATE demo_session_expiry SET expires_at = now() - interval '1 s' WHERE demo_session_id = '{}'",
                    hash));
  }
  // A run of the session with `results` results.
  void AddRun(const std::string& id, int results) {
    const std::string hash = *SessionHash(id);
    const std::string run = Sql(fmt::format("INSERT INTO demo_batch_test_runs (demo_session_id, demo_user_id, "
                                            "test_suite_id, model_name, status, total_prompts, "
                                            "completed_prompts, last_sequence, completed_at) VALUES ('{0}', '{0}', "
                                            "gen_random_uuid(), 'm', 'completed', {1}, {1}, "
                                            "{1}, now()) RETURNING id::text",
                                            hash, results))
                                .Only()
                                .Get<std::string>("id");
    Sql(fmt::format(
        "INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, success, "
        "model_id) SELECT '{}', '{}', n, n, 'p', true, 'm' FROM generate_series(1, {}) n",
        hash, run, results));
  }

  ScratchKeys scratch_;
  TestDatabase test_database_;
  asio::io_context io_;
  SealedBox box_;
  Database superuser_{io_.get_executor(), {.url = test_database_.url(), .application_name = "superuser"}};
};

}  // namespace ftl::vault
