#include "services/session-vault/store/session_store.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"
#include "common/session/session_over.h"
#include "common/time/proto_time.h"
#include "services/session-vault/store/provider_word.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr Query kFindOpenedBefore{"session.find_opened_before", R"(
    SELECT demo_session_id, idempotency_salt FROM demo_session_expiry
    WHERE idempotency_digest = ANY ($1) AND expires_at > now())"};

constexpr Query kTakeOffExpired{"session.take_off_expired", R"(
    WITH expired AS (
      UPDATE demo_session_expiry SET holds_place = false, idempotency_digest = NULL
      WHERE address = $1 AND holds_place AND expires_at <= now() RETURNING 1)
    UPDATE demo_addresses SET open = greatest(open - (SELECT count(*) FROM expired), 0)
    WHERE address = $1 AND EXISTS (SELECT 1 FROM expired))"};

constexpr Query kTakePlace{"session.take_place", R"(
    INSERT INTO demo_addresses AS a (address, open) VALUES ($1, 1)
    ON CONFLICT (address) DO UPDATE SET open = a.open + 1 WHERE a.open < $2
    RETURNING now() AS now)"};

constexpr Query kIsOpened{"session.is_opened", R"(
    SELECT EXISTS (SELECT 1 FROM demo_session_expiry WHERE idempotency_digest = $1) AS is_opened)"};

constexpr Query kNextPlace{"session.next_place", R"(
    SELECT extract(epoch FROM min(expires_at) - now())::float8 AS seconds
    FROM demo_session_expiry WHERE address = $1 AND holds_place)"};

constexpr Query kHoldEpochKey{"session.hold_epoch_key", "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))"};

constexpr Query kInsert{"session.insert", R"(
    INSERT INTO demo_model_configs (session_id, endpoint_url, endpoint_origin, api_key_encrypted, headers_encrypted, key_id,
                                    model_id, model_name, provider, forget_key_after_run, ip_address, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + make_interval(secs => $12)) RETURNING expires_at)"};

constexpr Query kInsertExpiry{"session.insert_expiry", R"(
    INSERT INTO demo_session_expiry (demo_session_id, address, key_id, idempotency_digest, idempotency_salt, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)))"};

constexpr Query kRecordOpened{"session.record_opened", R"(
    INSERT INTO audit_log (event, demo_session_id, details)
    VALUES ('session_opened', $1, jsonb_build_object('provider', $2::text)))"};

constexpr Query kRecordRefused{"session.record_refused", R"(
    INSERT INTO audit_log (event, address) VALUES ('endpoint_refused', $1))"};

// Whether the key goes with a run that has ended, carried out or not. $1 is the session.
#define FTL_KEY_IS_DUE                                                    \
  "(forget_key_after_run AND EXISTS (SELECT 1 FROM demo_batch_test_runs " \
  "WHERE demo_session_id = $1 AND status NOT IN ('pending', 'running')))"

constexpr Query kRead{"session.read",
                      "SELECT endpoint_url, model_id, model_name, provider, capabilities, forget_key_after_run, "
                      "key_forgotten OR " FTL_KEY_IS_DUE
                      " AS key_forgotten, created_at, expires_at, connection_tested, connection_latency_ms, last_error "
                      "FROM demo_model_configs WHERE session_id = $1 AND expires_at > now()"};

// For work that does not count as the person's use: whether there is anything left of a session that does not live.
constexpr Query kWasThere{"session.was_there", R"(
    SELECT EXISTS (SELECT 1 FROM demo_ended_sessions WHERE demo_session_id = $1)
        OR EXISTS (SELECT 1 FROM demo_session_expiry WHERE demo_session_id = $1) AS was_there)"};

constexpr Query kRecordConnectionTest{"session.record_connection_test", R"(
    UPDATE demo_model_configs
    SET connection_tested = $2, connection_latency_ms = CASE WHEN $2 THEN $3::integer ELSE connection_latency_ms END,
        last_error = $4, capabilities = coalesce($5::jsonb, capabilities)
    WHERE session_id = $1 AND expires_at > now())"};

constexpr Query kAbandon{"session.abandon", R"(
    UPDATE demo_session_expiry SET abandon_at = now() + make_interval(secs => $2)
    WHERE demo_session_id = $1 AND expires_at > now())"};

constexpr Query kReadKey{
    "session.read_key",
    "SELECT api_key_encrypted, headers_encrypted, " FTL_KEY_IS_DUE
    " AS is_due, endpoint_url, model_id, model_name, provider, capabilities, forget_key_after_run, expires_at, now() "
    "AS now "
    "FROM demo_model_configs WHERE session_id = $1 AND expires_at > now() "
    "AND NOT EXISTS (SELECT 1 FROM demo_session_expiry WHERE demo_session_id = $1 AND abandon_at <= now())"};

// The id of a run opens its results to whoever has it.
constexpr Query kRecordLoan{"session.record_loan", R"(
    INSERT INTO audit_log (event, demo_session_id, details)
    VALUES ('key_lent', $1, jsonb_strip_nulls(jsonb_build_object('borrower', $2::text, 'purpose', $3::text,
            'run_hash', encode(sha256(uuid_send(nullif($4, '')::uuid)), 'hex')))))"};

constexpr Query kKeysToForget{"session.keys_to_forget", "SELECT demo_session_id FROM keys_to_forget()"};

constexpr Query kKeyOf{"session.key_of", R"(
    SELECT e.key_id FROM demo_model_configs c JOIN demo_session_expiry e ON e.demo_session_id = c.session_id
    WHERE c.session_id = $1 AND e.key_id IS NOT NULL FOR UPDATE)"};

constexpr Query kForgetKey{"session.forget_key", R"(
    UPDATE demo_model_configs SET api_key_encrypted = NULL, headers_encrypted = NULL, key_forgotten = true
    WHERE session_id = $1)"};

constexpr Query kReleaseKey{"session.release_key", R"(
    UPDATE demo_session_expiry SET key_id = NULL WHERE demo_session_id = $1)"};

constexpr Query kRecordForgotten{"session.record_forgotten", R"(
    INSERT INTO audit_log (event, demo_session_id) VALUES ('key_forgotten', $1))"};

constexpr Query kTell{"session.tell", "SELECT pg_notify($1, $2)"};

finetunelab::endpoint::v1::Capabilities CapabilitiesFrom(const std::string& json) {
  finetunelab::endpoint::v1::Capabilities capabilities;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  (void)google::protobuf::util::JsonStringToMessage(json, &capabilities, options);
  return capabilities;
}

std::string JsonFrom(const finetunelab::endpoint::v1::Capabilities& capabilities) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(capabilities, &json, options);
  return json;
}

pb::GetSessionResponse SessionFrom(const Row& row) {
  pb::GetSessionResponse session;
  *session.mutable_expires_at() = ToProto(row.Get<absl::Time>("expires_at"));
  session.set_model_id(row.Get<std::string>("model_id"));
  session.set_model_name(row.Get<std::string>("model_name"));
  session.set_endpoint_url(row.Get<std::string>("endpoint_url"));
  session.set_provider(ProviderOfWord(row.Get<std::string>("provider")));
  *session.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  session.set_connection_tested(row.Get<bool>("connection_tested"));
  if (const auto latency_ms = row.Get<std::optional<int32_t>>("connection_latency_ms")) {
    *session.mutable_connection_latency() = ToProto(absl::Milliseconds(*latency_ms));
  }
  if (const auto error = row.Get<std::optional<std::string>>("last_error")) session.set_last_error(*error);
  session.set_key_forgotten(row.Get<bool>("key_forgotten"));
  session.set_forget_key_after_run(row.Get<bool>("forget_key_after_run"));
  const auto capabilities = CapabilitiesFrom(row.Get<std::string>("capabilities"));
  if (capabilities.ByteSizeLong() > 0) *session.mutable_capabilities() = capabilities;
  return session;
}

absl::Status NoLivingSession(const Rows& was_there) {
  return was_there.Only().Get<bool>("was_there") ? SessionExpired() : SessionNotFound();
}

std::string WaitInWords(absl::Duration wait) {
  const int64_t minutes = absl::ToInt64Minutes(absl::Ceil(wait, absl::Minutes(1)));
  return minutes == 1 ? "a minute" : fmt::format("{} minutes", minutes);
}

}  // namespace

Task<std::optional<OpenedBefore>> SessionStore::FindOpenedBefore(Deadline deadline, std::vector<std::string> digests) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kFindOpenedBefore, Params(digests)));
  if (rows.empty()) co_return std::optional<OpenedBefore>();
  const Row row = rows[0];
  co_return std::optional<OpenedBefore>(
      {row.Get<std::string>("demo_session_id"), row.Get<std::string>("idempotency_salt")});
}

Task<absl::Time> SessionStore::TakePlace(Transaction& transaction, std::string address, int32_t most,
                                         std::optional<std::string> idempotency_digest) {
  std::vector<Statement> statements;
  statements.push_back({kTakeOffExpired, Params(address)});
  statements.push_back({kTakePlace, Params(address, most)});
  statements.push_back({kIsOpened, Params(idempotency_digest)});
  CO_TRY(const std::vector<Rows> rows, co_await transaction.RunAll(std::move(statements)));
  if (rows[2].Only().Get<bool>("is_opened")) {
    co_return Refuse(Reason::kActiveSessionExists, "This Idempotency-Key has just opened a session; ask again.");
  }
  if (!rows[1].empty()) co_return rows[1].Only().Get<absl::Time>("now");
  CO_TRY(const Rows next, co_await transaction.Run(kNextPlace, Params(address)));
  const double seconds = next.Only().Get<std::optional<double>>("seconds").value_or(1);
  const absl::Duration wait = absl::Seconds(std::max<int64_t>(1, std::llround(std::ceil(seconds))));
  co_return Refuse(Reason::kActiveSessionExists,
                   fmt::format("A session is already open from this address. Go on with it, delete it, or wait {}.",
                               WaitInWords(wait)))
      .With("limit", most)
      .With("retry_after_s", absl::ToInt64Seconds(wait))
      .RetryAfter(wait);
}

Task<> SessionStore::HoldEpochKey(Transaction& transaction, std::string epoch) {
  CO_TRY(co_await transaction.Run(kHoldEpochKey, Params(epoch)));
  co_return absl::OkStatus();
}

Task<> SessionStore::RecordRefusedEndpoint(Deadline deadline, std::string address) {
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kRecordRefused, Params(address)));
  co_return absl::OkStatus();
}

Task<absl::Time> SessionStore::Insert(Transaction& transaction, NewSession session) {
  const double life = absl::ToDoubleSeconds(session.life);
  std::vector<Statement> statements;
  statements.push_back(
      {kInsert, Params(session.hash, session.endpoint_url, session.endpoint_origin, session.api_key_encrypted,
                       session.headers_encrypted, session.key_id, session.model_id, session.model_name,
                       session.provider, session.forget_key_after_run, session.address, life)});
  statements.push_back({kInsertExpiry, Params(session.hash, session.address, session.key_id, session.idempotency_digest,
                                              session.idempotency_salt, life)});
  statements.push_back({kRecordOpened, Params(session.hash, session.provider)});
  CO_TRY(const std::vector<Rows> rows, co_await transaction.RunAll(std::move(statements)));
  co_return rows[0].Only().Get<absl::Time>("expires_at");
}

Task<pb::GetSessionResponse> SessionStore::Use(Deadline deadline, std::string hash) {
  std::vector<Statement> statements;
  statements.push_back(AskSessionState(hash));
  statements.push_back({kRead, Params(hash)});
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(hash), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  if (rows[1].empty()) co_return SessionExpired();
  co_return SessionFrom(rows[1].Only());
}

Task<> SessionStore::RecordConnectionTest(Deadline deadline, pb::RecordConnectionTestRequest request) {
  const std::string hash = request.demo_session_id();
  std::optional<int64_t> latency_ms;
  if (request.has_latency()) latency_ms = absl::ToInt64Milliseconds(FromProto(request.latency()));
  std::optional<std::string> error;
  if (!request.success()) error = request.has_error() ? request.error() : "The connection test failed.";
  std::optional<std::string> capabilities;
  if (request.has_capabilities()) capabilities = JsonFrom(request.capabilities());
  std::vector<Statement> statements;
  statements.push_back({kRecordConnectionTest, Params(hash, request.success(), latency_ms, error, capabilities)});
  statements.push_back({kWasThere, Params(hash)});
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(hash), std::move(statements)));
  if (rows[0].affected() == 0) co_return NoLivingSession(rows[1]);
  co_return absl::OkStatus();
}

Task<bool> SessionStore::Abandon(Deadline deadline, std::string hash, absl::Duration grace) {
  CO_TRY(const Rows rows,
         co_await database_.Run(deadline, SessionScope(hash), kAbandon, Params(hash, absl::ToDoubleSeconds(grace))));
  co_return rows.affected() > 0;
}

Task<SealedKey> SessionStore::ReadKey(Deadline deadline, std::string hash) {
  std::vector<Statement> statements;
  for (const Query& query : {kReadKey, kWasThere}) statements.push_back({query, Params(hash)});
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(hash), std::move(statements)));
  if (rows[0].empty()) co_return NoLivingSession(rows[1]);
  const Row row = rows[0].Only();
  SealedKey key;
  if (!row.Get<bool>("is_due")) key.blob = row.Get<std::optional<std::string>>("api_key_encrypted");
  key.headers_blob = row.Get<std::optional<std::string>>("headers_encrypted");
  key.endpoint_url = row.Get<std::string>("endpoint_url");
  key.expires_at = row.Get<absl::Time>("expires_at");
  key.now = row.Get<absl::Time>("now");
  key.terms.set_endpoint_url(key.endpoint_url);
  key.terms.set_model_id(row.Get<std::string>("model_id"));
  key.terms.set_model_name(row.Get<std::string>("model_name"));
  key.terms.set_provider(ProviderOfWord(row.Get<std::string>("provider")));
  key.terms.set_forget_key_after_run(row.Get<bool>("forget_key_after_run"));
  *key.terms.mutable_capabilities() = CapabilitiesFrom(row.Get<std::string>("capabilities"));
  co_return key;
}

Task<> SessionStore::RecordLoan(Deadline deadline, Loan loan) {
  CO_TRY(co_await database_.Run(deadline, SessionScope(loan.session_hash), kRecordLoan,
                                Params(loan.session_hash, loan.borrower, loan.purpose, loan.test_run_id)));
  co_return absl::OkStatus();
}

Task<std::vector<std::string>> SessionStore::KeysToForget(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kKeysToForget));
  std::vector<std::string> sessions;
  for (const Row row : rows) sessions.push_back(row.Get<std::string>("demo_session_id"));
  co_return sessions;
}

Task<std::optional<std::string>> SessionStore::ForgetKey(Deadline deadline, std::string hash) {
  auto work = [&](Transaction& transaction) -> Task<std::optional<std::string>> {
    CO_TRY(const Rows rows, co_await transaction.Run(kKeyOf, Params(hash)));
    if (rows.empty()) co_return std::optional<std::string>();
    std::vector<Statement> statements;
    statements.push_back({kForgetKey, Params(hash)});
    statements.push_back({kReleaseKey, Params(hash)});
    statements.push_back({kRecordForgotten, Params(hash)});
    statements.push_back({kTell, Params(kSessionOverChannel, hash)});
    CO_TRY(co_await transaction.RunAll(std::move(statements)));
    co_return std::optional<std::string>(rows.Only().Get<std::string>("key_id"));
  };
  co_return co_await database_.Transact(deadline, SessionScope(hash), work);
}

}  // namespace ftl::vault
