#include "services/session-vault/store/cleanup_store.h"

#include "common/error/try.h"
#include "common/session/session_over.h"

namespace ftl::vault {
namespace {

// Whoever starts a run holds the session's key share lock: this waits for them, and they for the deletion.
constexpr Query kLock{"cleanup.lock", R"(
    SELECT e.address, e.holds_place, c.key_id, now() AS now, e.expires_at <= now() AS is_expired,
           coalesce(e.abandon_at <= now(), false) AS is_abandoned
    FROM demo_model_configs c JOIN demo_session_expiry e ON e.demo_session_id = c.session_id
    WHERE c.session_id = $1 FOR UPDATE)"};

// Waits for results that are being stored, then counts them too: a run's counters equal its rows.
constexpr Query kDeleteRuns{"cleanup.delete_runs", R"(
    WITH gone AS (DELETE FROM demo_batch_test_runs WHERE demo_session_id = $1
                  RETURNING completed_prompts + failed_prompts AS results)
    SELECT count(*)::integer AS test_runs, coalesce(sum(results), 0)::bigint AS results FROM gone)"};

constexpr Query kDeleteSession{"cleanup.delete_session", "DELETE FROM demo_model_configs WHERE session_id = $1"};

constexpr Query kGivePlaceBack{"cleanup.give_place_back", R"(
    UPDATE demo_addresses SET open = greatest(open - 1, 0) WHERE address = $1)"};

constexpr Query kForgetAddress{"cleanup.forget_address", "DELETE FROM demo_addresses WHERE address = $1 AND open = 0"};

constexpr Query kRememberEnd{"cleanup.remember_end", R"(
    INSERT INTO demo_ended_sessions (demo_session_id, reason) VALUES ($1, $2) ON CONFLICT (demo_session_id) DO NOTHING)"};

// Before they are deleted; with the end, of which they are a part.
constexpr Query kRememberRuns{"cleanup.remember_runs", R"(
    INSERT INTO demo_ended_runs (run_hash, demo_session_id)
    SELECT sha256(uuid_send(id)), demo_session_id FROM demo_batch_test_runs WHERE demo_session_id = $1)"};

constexpr Query kAudit{"cleanup.audit", R"(
    INSERT INTO audit_log (event, demo_session_id, details)
    VALUES ('session_deleted', $1, jsonb_build_object('reason', $2::text, 'test_runs', $3::integer, 'results', $4::bigint)))"};

constexpr Query kTell{"cleanup.tell", "SELECT pg_notify($1, $2)"};

constexpr Query kCountLeft{"cleanup.count_left", R"(
    SELECT (SELECT count(*) FROM demo_model_configs WHERE session_id = $1)
         + (SELECT count(*) FROM demo_session_expiry WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_session_suites WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_batch_test_runs WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_run_prompts WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_run_leases WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_run_returned WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_endpoint_pace WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_batch_test_results WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_run_orders WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_search_texts WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_search_progress WHERE demo_session_id = $1)
         + (SELECT count(*) FROM demo_download_tokens WHERE demo_session_id = $1) AS rows_left)"};

constexpr Query kListDue{"cleanup.list_due", R"(
    SELECT demo_session_id, expires_at <= now() AS is_expired FROM demo_session_expiry
    WHERE (expires_at <= now() OR abandon_at <= now()) AND demo_session_id > $1 ORDER BY demo_session_id LIMIT $2)"};

constexpr Query kNextDueIn{"cleanup.next_due_in", R"(
    SELECT extract(epoch FROM least((SELECT min(expires_at) FROM demo_session_expiry WHERE expires_at > now()),
                                    (SELECT min(abandon_at) FROM demo_session_expiry WHERE abandon_at > now()))
                              - now())::float8 AS seconds)"};

constexpr Query kCount{"cleanup.count", R"(
    SELECT count(*) FILTER (WHERE expires_at > now()) AS open,
           coalesce(extract(epoch FROM now() - min(least(expires_at, abandon_at))
                                               FILTER (WHERE expires_at <= now() OR abandon_at <= now())), 0)::float8
             AS longest_over
    FROM demo_session_expiry)"};

constexpr Query kForgetEnds{"cleanup.forget_ends", R"(
    DELETE FROM demo_ended_sessions WHERE ended_at < now() - interval '24 hours')"};

constexpr Query kForgetAudit{"cleanup.forget_audit", "SELECT forget_audit($1)"};

constexpr Query kForgetQuotas{"cleanup.forget_quotas", R"(
    DELETE FROM demo_quotas WHERE window_start < now() - interval '1 hour')"};

// The lock's connection does nothing while others delete; the server must not take that for a fault.
constexpr Query kMayIdle{"cleanup.may_idle", "SELECT set_config('idle_in_transaction_session_timeout', '0', true)"};

constexpr Query kTryLockSweep{"cleanup.try_lock_sweep", R"(
    SELECT pg_try_advisory_xact_lock(hashtextextended('finetunelab sweep', 0)) AS locked)"};

constexpr Query kLockSweep{"cleanup.lock_sweep", R"(
    SELECT pg_advisory_xact_lock(hashtextextended('finetunelab sweep', 0)))"};

const char* Word(EndReason reason) {
  switch (reason) {
    case EndReason::kExpired:
      return "expired";
    case EndReason::kAbandoned:
      return "abandoned";
    case EndReason::kCleanup:
      break;
  }
  return "cleanup";
}

}  // namespace

Task<std::optional<DeletedRows>> CleanupStore::Delete(Deadline deadline, std::string hash, EndReason reason) {
  auto work = [&](Transaction& transaction) -> Task<std::optional<DeletedRows>> {
    CO_TRY(const Rows locked, co_await transaction.Run(kLock, Params(hash)));
    if (locked.empty()) co_return std::optional<DeletedRows>();
    const Row session = locked.Only();
    const bool due = session.Get<bool>("is_expired") || session.Get<bool>("is_abandoned");
    if (reason != EndReason::kCleanup && !due) co_return std::optional<DeletedRows>();

    std::vector<Statement> statements;
    statements.push_back({kRememberEnd, Params(hash, Word(reason))});
    statements.push_back({kRememberRuns, Params(hash)});
    statements.push_back({kDeleteRuns, Params(hash)});
    statements.push_back({kDeleteSession, Params(hash)});
    CO_TRY(const std::vector<Rows> rows, co_await transaction.RunAll(std::move(statements)));
    DeletedRows deleted;
    deleted.test_runs = rows[2].Only().Get<int32_t>("test_runs");
    deleted.results = rows[2].Only().Get<int64_t>("results");
    deleted.deleted_at = session.Get<absl::Time>("now");
    deleted.key_id = session.Get<std::optional<std::string>>("key_id");

    const auto address = session.Get<std::optional<std::string>>("address");
    std::vector<Statement> after;
    if (session.Get<bool>("holds_place")) after.push_back({kGivePlaceBack, Params(address)});
    after.push_back({kForgetAddress, Params(address)});
    after.push_back({kAudit, Params(hash, Word(reason), deleted.test_runs, deleted.results)});
    after.push_back({kTell, Params(kSessionOverChannel, hash)});
    CO_TRY(co_await transaction.RunAll(std::move(after)));
    co_return std::optional<DeletedRows>(std::move(deleted));
  };
  co_return co_await database_.Transact(deadline, SessionScope(hash), work);
}

Task<int64_t> CleanupStore::CountLeft(Deadline deadline, std::string hash) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(hash), kCountLeft, Params(hash)));
  co_return rows.Only().Get<int64_t>("rows_left");
}

Task<std::vector<DueSession>> CleanupStore::ListDue(Deadline deadline, std::string after, int32_t most) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kListDue, Params(after, most)));
  std::vector<DueSession> due;
  for (const Row row : rows) {
    due.push_back({row.Get<std::string>("demo_session_id"),
                   row.Get<bool>("is_expired") ? EndReason::kExpired : EndReason::kAbandoned});
  }
  co_return due;
}

Task<std::optional<absl::Duration>> CleanupStore::NextDueIn(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kNextDueIn));
  const auto seconds = rows.Only().Get<std::optional<double>>("seconds");
  if (!seconds) co_return std::optional<absl::Duration>();
  co_return std::optional<absl::Duration>(absl::Seconds(*seconds));
}

Task<SessionCount> CleanupStore::Count(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kCount));
  const Row row = rows.Only();
  co_return SessionCount{row.Get<int64_t>("open"), absl::Seconds(row.Get<double>("longest_over"))};
}

Task<> CleanupStore::ForgetOld(Deadline deadline) {
  std::vector<Statement> statements;
  statements.push_back({kForgetEnds, Params()});
  statements.push_back({kForgetQuotas, Params()});
  statements.push_back({kForgetAudit, Params(audit_days_)});
  CO_TRY(co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements)));
  co_return absl::OkStatus();
}

Task<bool> CleanupStore::TryLockSweep(Transaction& transaction) {
  std::vector<Statement> statements;
  for (const Query& query : {kMayIdle, kTryLockSweep}) statements.push_back({query, Params()});
  CO_TRY(const std::vector<Rows> rows, co_await transaction.RunAll(std::move(statements)));
  co_return rows[1].Only().Get<bool>("locked");
}

Task<> CleanupStore::LockSweep(Transaction& transaction) {
  std::vector<Statement> statements;
  for (const Query& query : {kMayIdle, kLockSweep}) statements.push_back({query, Params()});
  CO_TRY(co_await transaction.RunAll(std::move(statements)));
  co_return absl::OkStatus();
}

}  // namespace ftl::vault
