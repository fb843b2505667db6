#include "common/db/failure.h"

#include <algorithm>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "common/error/refusal.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr std::string_view kSqlState = "finetunelab/sqlstate";
constexpr std::string_view kConstraint = "finetunelab/constraint";
constexpr std::string_view kWords = "finetunelab/database-words";
constexpr absl::Duration kTryAgainIn = absl::Seconds(1);

std::string Payload(const absl::Status& status, std::string_view name) {
  const auto payload = status.GetPayload(ToAbsl(name));
  return payload ? std::string(*payload) : std::string();
}

void Attach(absl::Status& status, std::string_view name, std::string_view value) {
  if (!value.empty()) status.SetPayload(ToAbsl(name), absl::Cord(ToAbsl(value)));
}

std::string_view Field(const pg_result* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// On one line: libpq breaks its words into several.
std::string OneLine(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

// 08 connection, 53 resources, 57P shutdown and start-up, 25006 a standby that takes no writes.
bool MeansUnavailable(std::string_view state) {
  return state.starts_with("08") || state.starts_with("53") || state.starts_with("57P") || state == "25006";
}

bool RepeatsParameters(std::string_view state) { return state.starts_with("22"); }

}  // namespace

std::string SqlStateOf(const absl::Status& status) { return Payload(status, kSqlState); }
std::string ConstraintOf(const absl::Status& status) { return Payload(status, kConstraint); }
std::string DatabaseWordsOf(const absl::Status& status) { return Payload(status, kWords); }

bool IsUniqueViolation(const absl::Status& status) { return SqlStateOf(status) == "23505"; }
bool IsUniqueViolation(const absl::Status& status, std::string_view constraint) {
  return IsUniqueViolation(status) && ConstraintOf(status) == constraint;
}
bool IsForeignKeyViolation(const absl::Status& status) { return SqlStateOf(status) == "23503"; }
bool IsForeignKeyViolation(const absl::Status& status, std::string_view constraint) {
  return IsForeignKeyViolation(status) && ConstraintOf(status) == constraint;
}
bool IsCheckViolation(const absl::Status& status) { return SqlStateOf(status) == "23514"; }

bool IsDataFault(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  return state.starts_with("22") || state.starts_with("23") || state == "54000";
}

bool IsRepeatable(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  return state == "40001" || state == "40P01";
}

absl::Status StatementFailure(const pg_result* result, std::string_view query) {
  const std::string_view state = Field(result, PG_DIAG_SQLSTATE);
  std::string words = std::string(Field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (words.empty()) words = OneLine(PQresultErrorMessage(result));
  if (state.empty() || MeansUnavailable(state)) {
    absl::Status status = DatabaseUnavailable(words);
    Attach(status, kSqlState, state);
    return status;
  }
  if (state == "57014") return DatabaseTooSlow();
  if (RepeatsParameters(state)) words = "the data was not acceptable";
  absl::Status status = absl::InternalError(fmt::format("query {}: {} (SQLSTATE {})", query, words, state));
  Attach(status, kSqlState, state);
  Attach(status, kConstraint, Field(result, PG_DIAG_CONSTRAINT_NAME));
  return status;
}

absl::Status ConnectionFailure(const pg_conn* connection) {
  const char* words = PQerrorMessage(connection);
  return DatabaseUnavailable(words == nullptr || *words == '\0' ? "the connection was lost" : OneLine(words));
}

absl::Status DatabaseUnavailable(std::string_view words) {
  absl::Status status =
      Refuse(Reason::kDatabaseUnavailable, "The database is not available just now; try again shortly.")
          .RetryAfter(kTryAgainIn);
  Attach(status, kWords, words);
  return status;
}

absl::Status DatabaseTooSlow() {
  return Refuse(Reason::kDeadlineExceeded, "The database did not answer in time; try again.");
}

}  // namespace ftl
