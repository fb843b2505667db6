#include "common/db/migrator.h"

#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>
#include <openssl/sha.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/db/blocking_connection.h"
#include "common/error/try.h"

namespace ftl {
namespace {

// Any number will do, as long as it is always this one.
constexpr std::string_view kLock = "SELECT pg_advisory_lock(7102417)";

constexpr std::string_view kMakeLedger = R"(
  SET ROLE ftl_owner;
  CREATE TABLE IF NOT EXISTS ftl_schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now());
  ALTER TABLE ftl_schema_migrations ADD COLUMN IF NOT EXISTS oldest_program integer;
  GRANT SELECT ON ftl_schema_migrations TO PUBLIC;
  RESET ROLE)";

constexpr std::string_view kRecord = R"(
  INSERT INTO ftl_schema_migrations (version, name, checksum, oldest_program)
  VALUES ($1::integer, $2, $3, $4::integer))";

constexpr std::string_view kUpsertSuite = R"(
  INSERT INTO demo_test_suites AS known
    (id, name, description, task_domain, difficulty, prompts, prompt_count, is_active)
  SELECT (suite->>'id')::uuid, suite->>'name', coalesce(suite->>'description', ''), suite->>'task_domain',
         suite->>'difficulty', suite->'prompts', jsonb_array_length(suite->'prompts'), true
  FROM (SELECT $1::jsonb AS suite) AS file
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
    task_domain = excluded.task_domain, difficulty = excluded.difficulty, prompts = excluded.prompts,
    prompt_count = excluded.prompt_count, is_active = true
  WHERE (known.name, known.description, known.task_domain, known.difficulty, known.prompts, known.is_active)
    IS DISTINCT FROM (excluded.name, excluded.description, excluded.task_domain, excluded.difficulty, excluded.prompts, true))";

constexpr std::string_view kRetireSuites = R"(
  UPDATE demo_test_suites SET is_active = false
  WHERE is_active AND id <> ALL (ARRAY(SELECT (suite->>'id')::uuid FROM jsonb_array_elements($1::jsonb) AS suite)))";

// Of the files that a program which knows $1 of them does not know, the one that asks for the newest program. A ledger
// from before there was such a column asks for the file's own version.
constexpr Query kAppliedVersion{"schema.version", R"(
  SELECT coalesce(max(version), 0) AS version,
         coalesce(max(coalesce((to_jsonb(m)->>'oldest_program')::integer, version)) FILTER (WHERE version > $1::integer), 0)
           AS oldest_program
  FROM ftl_schema_migrations m)"};

// Locks of this transaction that make a running program wait for it.
constexpr std::string_view kStrongLocks = R"(
  SELECT relation::text AS id, string_agg(regexp_replace(mode, 'Lock$', ''), ', ' ORDER BY mode) AS modes
  FROM pg_locks
  WHERE pid = pg_backend_pid() AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND relation IS NOT NULL
  GROUP BY relation ORDER BY relation)";

constexpr std::string_view kTablesInUse = R"(
  SELECT oid::text AS id, relname::text AS name FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'ftl_schema_migrations')";

constexpr std::string_view kUndefinedTable = "42P01";

int VersionOf(const EmbeddedFile& file) {
  int version = 0;
  std::from_chars(file.name.data(), file.name.data() + file.name.size(), version);
  return version;
}

// What the file says on a line of its own, `-- Oldest program: 23`, else its own version.
int OldestProgramOf(const EmbeddedFile& file) {
  constexpr std::string_view kWords = "-- Oldest program: ";
  int oldest = VersionOf(file);
  const size_t at = file.text.find(kWords);
  if (at != std::string_view::npos) {
    std::from_chars(file.text.data() + at + kWords.size(), file.text.data() + file.text.size(), oldest);
  }
  return oldest;
}

std::string ChecksumOf(const EmbeddedFile& file) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(file.text.data()), file.text.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

struct Applied {
  std::string name;
  std::string checksum;
  int oldest_program;
};

absl::StatusOr<std::map<int, Applied>> ReadLedger(BlockingConnection& connection) {
  TRY(const Rows rows,
      connection.Run("SELECT version, name, checksum, coalesce(oldest_program, version) AS oldest_program "
                     "FROM ftl_schema_migrations"));
  std::map<int, Applied> applied;
  for (const Row row : rows) {
    applied[row.Get<int32_t>("version")] = {row.Get<std::string>("name"), row.Get<std::string>("checksum"),
                                            row.Get<int32_t>("oldest_program")};
  }
  return applied;
}

absl::Status Understand(const std::map<int, Applied>& applied, std::span<const EmbeddedFile> known) {
  for (auto later = applied.upper_bound(static_cast<int>(known.size())); later != applied.end(); ++later) {
    if (later->second.oldest_program <= static_cast<int>(known.size())) continue;
    return absl::FailedPreconditionError(fmt::format(
        "the database has schema {} ({}), newer than this program, which knows up to {}: use a newer program",
        later->first, later->second.name, known.size()));
  }
  for (const EmbeddedFile& file : known) {
    const auto found = applied.find(VersionOf(file));
    if (found == applied.end() || found->second.checksum == ChecksumOf(file)) continue;
    return absl::FailedPreconditionError(
        fmt::format("migration {} was applied as something else ({}): an applied file must never change; "
                    "put the change into a new file",
                    file.name, found->second.name));
  }
  return absl::OkStatus();
}

absl::Status Apply(BlockingConnection& connection, const EmbeddedFile& file) {
  TRY(connection.RunScript("BEGIN"));
  absl::Status status = connection.RunScript(file.text);
  if (status.ok()) status = connection.RunScript("SET LOCAL ROLE ftl_owner");
  if (status.ok()) {
    status =
        connection.Run(kRecord, Params(VersionOf(file), file.name, ChecksumOf(file), OldestProgramOf(file))).status();
  }
  if (status.ok()) return connection.RunScript("COMMIT");
  connection.RunScript("ROLLBACK").IgnoreError();
  return absl::Status(status.code(), fmt::format("{}: {}", file.name, std::string(status.message())));
}

absl::Status LoadSuites(BlockingConnection& connection, std::span<const EmbeddedFile> suites, const MigrationLog& log) {
  TRY(connection.RunScript("BEGIN; SET LOCAL ROLE ftl_owner"));
  int64_t changed = 0;
  std::string all = "[";
  for (const EmbeddedFile& suite : suites) {
    const absl::StatusOr<Rows> rows = connection.Run(kUpsertSuite, Params(suite.text));
    if (!rows.ok()) {
      connection.RunScript("ROLLBACK").IgnoreError();
      return absl::InternalError(fmt::format("suite {}: {}", suite.name, std::string(rows.status().message())));
    }
    changed += rows->affected();
    all += fmt::format("{}{}", all.size() == 1 ? "" : ",", suite.text);
  }
  TRY(const Rows retired, connection.Run(kRetireSuites, Params(all + "]")));
  TRY(connection.RunScript("COMMIT"));
  log(fmt::format("suites: {} shipped, {} new or changed, {} retired", suites.size(), changed, retired.affected()));
  return absl::OkStatus();
}

absl::StatusOr<BlockingConnection> Open(const std::string& url) {
  TRY(BlockingConnection connection, BlockingConnection::Open(url, "finetunelab-migrate"));
  if (connection.server_version() < 150000) {
    return absl::FailedPreconditionError(
        fmt::format("PostgreSQL 15 or newer is needed; this server is {}", connection.server_version() / 10000));
  }
  TRY(connection.Run(kLock));
  return connection;
}

// The files that are not applied yet. Makes the roles and the ledger where they are missing.
absl::StatusOr<std::vector<EmbeddedFile>> Pending(BlockingConnection& connection, const SchemaFiles& files) {
  TRY(connection.RunScript(files.roles.text));
  TRY(connection.RunScript(kMakeLedger));
  TRY(const auto applied, ReadLedger(connection));
  TRY(Understand(applied, files.migrations));
  std::vector<EmbeddedFile> pending;
  for (const EmbeddedFile& file : files.migrations) {
    if (!applied.contains(VersionOf(file))) pending.push_back(file);
  }
  return pending;
}

}  // namespace

absl::Status Migrate(const std::string& url, const MigrationLog& log, const SchemaFiles& files) {
  TRY(BlockingConnection connection, Open(url));
  TRY(const std::vector<EmbeddedFile> pending, Pending(connection, files));
  for (const EmbeddedFile& file : pending) {
    TRY(Apply(connection, file));
    log(fmt::format("applied {}", file.name));
  }
  TRY(const Rows newest, connection.Run("SELECT max(version) AS version FROM ftl_schema_migrations"));
  const int version = newest.Only().Get<int32_t>("version");
  log(fmt::format("schema: version {}, {} applied now", version, pending.size()));
  if (version > static_cast<int>(files.migrations.size())) {
    log("suites: left as the newer program shipped them");
    return absl::OkStatus();
  }
  return LoadSuites(connection, files.suites, log);
}

absl::Status PlanMigration(const std::string& url, const MigrationLog& log, const SchemaFiles& files) {
  TRY(BlockingConnection connection, Open(url));
  TRY(connection.RunScript("BEGIN; SET LOCAL lock_timeout = '2s'"));
  TRY(const Rows tables, connection.Run(kTablesInUse));
  std::map<std::string, std::string> names;
  for (const Row row : tables) names[row.Get<std::string>("id")] = row.Get<std::string>("name");
  TRY(const std::vector<EmbeddedFile> pending, Pending(connection, files));
  std::set<std::string> told;
  for (const EmbeddedFile& file : pending) {
    if (const absl::Status tried = connection.RunScript(file.text); !tried.ok()) {
      return absl::Status(tried.code(), fmt::format("{}: {}", file.name, std::string(tried.message())));
    }
    TRY(connection.RunScript("RESET ROLE"));
    TRY(const Rows locks, connection.Run(kStrongLocks));
    std::vector<std::string> fresh;
    for (const Row row : locks) {
      const auto table = names.find(row.Get<std::string>("id"));
      if (table == names.end()) continue;
      std::string lock = fmt::format("{} ({})", table->second, row.Get<std::string>("modes"));
      if (told.insert(lock).second) fresh.push_back(std::move(lock));
    }
    log(fmt::format("{}: programs of schema {} and newer may run on it; locks {}", file.name, OldestProgramOf(file),
                    fresh.empty() ? "nothing that is in use" : fmt::format("{}", fmt::join(fresh, ", "))));
  }
  if (pending.empty()) log("nothing is to be applied");
  return connection.RunScript("ROLLBACK");
}

Task<> RequireCurrentSchema(Database& database, Deadline deadline) {
  constexpr absl::Duration kPause = absl::Milliseconds(200);
  const int known = static_cast<int>(EmbeddedMigrations().size());
  absl::StatusOr<Rows> rows = co_await database.Run(deadline, SessionScope::None(), kAppliedVersion, Params(known));
  while (absl::IsUnavailable(rows.status()) && TimeLeft(deadline) > kPause) {
    asio::steady_timer pause(co_await asio::this_coro::executor, DeadlineIn(kPause));
    co_await pause.async_wait(asio::use_awaitable);
    rows = co_await database.Run(deadline, SessionScope::None(), kAppliedVersion, Params(known));
  }
  const bool empty = !rows.ok() && SqlStateOf(rows.status()) == kUndefinedTable;
  if (!rows.ok() && !empty) co_return rows.status();
  const int version = empty ? 0 : rows->Only().Get<int32_t>("version");
  if (version < known) {
    co_return absl::FailedPreconditionError(
        fmt::format("the database has schema {}, this program needs {}: run `finetunelab migrate`", version, known));
  }
  if (version > known && rows->Only().Get<int32_t>("oldest_program") > known) {
    co_return absl::FailedPreconditionError(
        fmt::format("the database has schema {}, this program knows up to {}: use a newer program", version, known));
  }
  co_return absl::OkStatus();
}

}  // namespace ftl
