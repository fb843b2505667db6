#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>

struct pg_conn;
struct pg_result;

namespace ftl {

// What PostgreSQL says when something fails, as a status:
//   connection lost or refused, server starting, stopping, full or read-only   Reason::kDatabaseUnavailable, RetryAfter
//   time over (ours or the server's)                                           Reason::kDeadlineExceeded
//   anything else                                                              INTERNAL, with the server's words for
//   the log
// Parameters are never in the text: where the server would repeat one (class 22, bad data) only the SQLSTATE is told.
// A violated constraint is INTERNAL too; a store that expects it asks IsUniqueViolation and refuses in its own words.
bool IsUniqueViolation(const absl::Status& status);
bool IsUniqueViolation(const absl::Status& status, std::string_view constraint);
bool IsForeignKeyViolation(const absl::Status& status);
bool IsForeignKeyViolation(const absl::Status& status, std::string_view constraint);
bool IsCheckViolation(const absl::Status& status);

// The five characters, or empty where the failure did not come from the server. Stays in this process.
std::string SqlStateOf(const absl::Status& status);
// The violated constraint's name, or empty.
std::string ConstraintOf(const absl::Status& status);
// The words of the server or of libpq behind a kDatabaseUnavailable, for the log; empty where there are none.
std::string DatabaseWordsOf(const absl::Status& status);

// Whether what was sent is at fault and would be refused again: bad data (class 22), a violated constraint (23), a
// statement too large (54000). Any other failure is the database's, and may pass.
bool IsDataFault(const absl::Status& status);

// Whether the whole transaction may be tried again at once: serialization failure or deadlock.
bool IsRepeatable(const absl::Status& status);

// A statement failed. `query` is its name.
absl::Status StatementFailure(const pg_result* result, std::string_view query);
// The connection could not be made or is lost.
absl::Status ConnectionFailure(const pg_conn* connection);
absl::Status DatabaseUnavailable(std::string_view words);
absl::Status DatabaseTooSlow();

}  // namespace ftl
