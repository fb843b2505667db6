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
// Refused in plain words: a schema newer than this program, an applied file that was changed, a missing right.
absl::Status Migrate(const std::string& url, const MigrationLog& log, const SchemaFiles& files = {});

// Ok when the database has exactly this program's schema. FAILED_PRECONDITION says whether to migrate or to upgrade;
// kDatabaseUnavailable when there is no telling until `deadline`. Services ask before they take work, and may be
// started while the database is.
Task<> RequireCurrentSchema(Database& database, Deadline deadline);

}  // namespace ftl
