#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/schema/embedded.h"
#include "common/time/deadline.h"

namespace ftl {

// What a migration consists of; by default what was built into this program.
struct SchemaFiles {
  EmbeddedFile roles = EmbeddedRoles();
  std::span<const EmbeddedFile> migrations = EmbeddedMigrations();
  std::span<const EmbeddedFile> suites = EmbeddedSuites();
};

// Called with one line of text for each step.
using MigrationLog = std::function<void(std::string_view)>;

// Brings the database at `url` to this program's schema and loads the shipped suites; one that is no longer shipped
// becomes inactive. Any number may run at once: they take turns by an advisory lock. Each file is applied in a
// transaction of its own, so that a failure leaves whole files behind. Blocks; a command-line step, not for a service's
// thread.
//
// The login is a superuser, or owns the database and has CREATEROLE (or is a member of roles that exist already).
// Refused in plain words: a schema on which this program may not run, an applied file that was changed, a missing
// right.
absl::Status Migrate(const std::string& url, const MigrationLog& log, const SchemaFiles& files = {});

// Tells what Migrate would apply, the oldest program that may run on each file's schema, and the tables in use that it
// would lock against readers or writers. It finds out by doing it and rolling back, so it holds those locks meanwhile;
// where a running program has one of them for 2 s it gives up. Otherwise as Migrate.
absl::Status PlanMigration(const std::string& url, const MigrationLog& log, const SchemaFiles& files = {});

// Ok when the database has this program's schema, or a newer one whose further files all say that this program may run
// on it (`-- Oldest program: 23`, the newest file that it knows). FAILED_PRECONDITION says whether to migrate or to
// upgrade; kDatabaseUnavailable when there is no telling until `deadline`. Services ask before they take work, and may
// be started while the database is.
Task<> RequireCurrentSchema(Database& database, Deadline deadline);

}  // namespace ftl
