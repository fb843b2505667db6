#include "services/session-vault/store/stored_key_store.h"

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr Query kKnowOwner{"stored_key.know_owner", "INSERT INTO owners (owner) VALUES ($1) ON CONFLICT DO NOTHING"};

constexpr Query kPut{"stored_key.put", R"(
    INSERT INTO api_keys (owner, project, service_name, name, endpoint_url, api_key_encrypted, key_hint, shared)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (owner, service_name, name) DO UPDATE
    SET project = EXCLUDED.project, endpoint_url = EXCLUDED.endpoint_url,
        api_key_encrypted = EXCLUDED.api_key_encrypted, key_hint = EXCLUDED.key_hint, shared = EXCLUDED.shared,
        created_at = now(), last_used_at = NULL, last_test_success = NULL, last_test_at = NULL, last_test_message = NULL
    RETURNING created_at)"};

#define FTL_COLUMNS                                                                                     \
  "owner, project, service_name, name, endpoint_url, api_key_encrypted, key_hint, shared, created_at, " \
  "last_used_at, last_test_at, coalesce(last_test_success, false) AS last_test_success, "               \
  "coalesce(last_test_message, '') AS last_test_message "

constexpr Query kList{"stored_key.list", "SELECT " FTL_COLUMNS
                                         "FROM api_keys WHERE owner = $1 OR shared "
                                         "ORDER BY owner <> $1, service_name, name"};

constexpr Query kFind{"stored_key.find", "SELECT " FTL_COLUMNS
                                         "FROM api_keys WHERE (owner = $1 OR shared) AND service_name = $2 "
                                         "AND ($3 = '' OR name = $3) ORDER BY owner <> $1, name"};

constexpr Query kDelete{"stored_key.delete",
                        "DELETE FROM api_keys WHERE owner = $1 AND service_name = $2 AND name = $3"};

constexpr Query kRecordTest{"stored_key.record_test", R"(
    UPDATE api_keys SET last_test_success = $4, last_test_at = now(), last_test_message = $5
    WHERE owner = $1 AND service_name = $2 AND name = $3)"};

constexpr Query kUse{"stored_key.use", R"(
    UPDATE api_keys SET last_used_at = now() WHERE owner = $1 AND service_name = $2 AND name = $3)"};

constexpr Query kRecord{"stored_key.record", R"(
    INSERT INTO audit_log (event, details)
    VALUES ($1, jsonb_strip_nulls(jsonb_build_object('owner', $2::text, 'service', $3::text, 'borrower', $4::text))))"};

constexpr Query kReplace{"stored_key.replace", R"(
    UPDATE api_keys SET api_key_encrypted = $5
    WHERE owner = $1 AND service_name = $2 AND name = $3 AND api_key_encrypted = $4)"};

constexpr Query kOwners{"stored_key.owners", "SELECT owner FROM owners ORDER BY owner"};

StoredKeyRow RowFrom(const Row& row) {
  return {.owner = row.Get<std::string>("owner"),
          .project = row.Get<std::string>("project"),
          .service_name = row.Get<std::string>("service_name"),
          .name = row.Get<std::string>("name"),
          .endpoint_url = row.Get<std::string>("endpoint_url"),
          .blob = row.Get<std::string>("api_key_encrypted"),
          .key_hint = row.Get<std::optional<std::string>>("key_hint"),
          .shared = row.Get<bool>("shared"),
          .created_at = row.Get<absl::Time>("created_at"),
          .last_used_at = row.Get<std::optional<absl::Time>>("last_used_at"),
          .last_test_at = row.Get<std::optional<absl::Time>>("last_test_at"),
          .last_test_success = row.Get<bool>("last_test_success"),
          .last_test_message = row.Get<std::string>("last_test_message")};
}

std::vector<StoredKeyRow> RowsFrom(const Rows& rows) {
  std::vector<StoredKeyRow> stored;
  for (const Row row : rows) stored.push_back(RowFrom(row));
  return stored;
}

}  // namespace

Task<absl::Time> StoredKeyStore::Put(Deadline deadline, StoredKeyRow row) {
  std::vector<Statement> statements;
  statements.push_back({kKnowOwner, Params(row.owner)});
  statements.push_back({kPut, Params(row.owner, row.project, row.service_name, row.name, row.endpoint_url, row.blob,
                                     row.key_hint, row.shared)});
  statements.push_back({kRecord, Params("stored_key_put", row.owner, row.service_name, std::nullopt)});
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(row.owner), std::move(statements)));
  co_return rows[1].Only().Get<absl::Time>("created_at");
}

Task<std::vector<StoredKeyRow>> StoredKeyStore::List(Deadline deadline, std::string owner) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kList, Params(owner)));
  co_return RowsFrom(rows);
}

Task<std::vector<StoredKeyRow>> StoredKeyStore::Find(Deadline deadline, std::string owner, std::string service_name,
                                                     std::string name) {
  CO_TRY(const Rows rows,
         co_await database_.Run(deadline, SessionScope(owner), kFind, Params(owner, service_name, name)));
  std::vector<StoredKeyRow> found = RowsFrom(rows);
  const bool has_own = !found.empty() && found.front().owner == owner;
  if (has_own) std::erase_if(found, [&](const StoredKeyRow& row) { return row.owner != owner; });
  co_return found;
}

Task<bool> StoredKeyStore::Delete(Deadline deadline, StoredKeyRow row) {
  std::vector<Statement> statements;
  statements.push_back({kDelete, Params(row.owner, row.service_name, row.name)});
  statements.push_back({kRecord, Params("stored_key_deleted", row.owner, row.service_name, std::nullopt)});
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(row.owner), std::move(statements)));
  co_return rows[0].affected() > 0;
}

Task<> StoredKeyStore::RecordTest(Deadline deadline, pb::RecordStoredKeyTestRequest request) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(request.owner()), kRecordTest,
                                                 Params(request.owner(), request.service_name(), request.name(),
                                                        request.success(), request.message())));
  if (rows.affected() > 0) co_return absl::OkStatus();
  CO_TRY(const std::vector<StoredKeyRow> shared,
         co_await Find(deadline, request.owner(), request.service_name(), request.name()));
  if (shared.empty()) co_return Refuse(Reason::kNotFound, "The key is no longer stored here.");
  co_return absl::OkStatus();
}

Task<> StoredKeyStore::RecordLoan(Deadline deadline, StoredKeyRow row, std::string owner, std::string borrower) {
  std::vector<Statement> statements;
  statements.push_back({kUse, Params(row.owner, row.service_name, row.name)});
  statements.push_back({kRecord, Params("stored_key_lent", owner, row.service_name, borrower)});
  CO_TRY(co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  co_return absl::OkStatus();
}

Task<bool> StoredKeyStore::Replace(Deadline deadline, StoredKeyRow row, std::string blob) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(row.owner), kReplace,
                                                 Params(row.owner, row.service_name, row.name, row.blob, blob)));
  co_return rows.affected() > 0;
}

Task<std::vector<std::string>> StoredKeyStore::Owners(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kOwners));
  std::vector<std::string> owners;
  for (const Row row : rows) owners.push_back(row.Get<std::string>("owner"));
  co_return owners;
}

}  // namespace ftl::vault
