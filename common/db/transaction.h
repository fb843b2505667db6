#pragma once

#include <memory>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "common/async/task.h"
#include "common/db/query.h"
#include "common/db/row.h"
#include "common/db/session_scope.h"
#include "common/time/deadline.h"

namespace ftl {

class ConnectionLease;
class ConnectionPool;

// BEGIN … COMMIT on one connection, under one deadline. Made by Database::Transact. Rolls back unless committed: one
// that goes without either takes its connection down with it, which the server takes for a rollback.
class Transaction {
 public:
  static constexpr int kMaxAttempts = 3;

  // BEGIN travels with the first statement.
  static Task<Transaction> Begin(ConnectionPool& pool, Deadline deadline, SessionScope scope);
  Transaction(Transaction&&) noexcept;
  ~Transaction();

  // One round trip each. After a failure every further call fails; hand it up.
  Task<Rows> Run(Query query, Params params = {});
  Task<std::vector<Rows>> RunAll(std::vector<Statement> statements);

  Task<> Commit();
  Task<> RollBack();

 private:
  Transaction(ConnectionLease lease, Deadline deadline, SessionScope scope);

  std::unique_ptr<ConnectionLease> lease_;
  Deadline deadline_;
  SessionScope scope_;
  bool begun_ = false;
  absl::Status failure_;  // of a statement; the server would turn COMMIT into ROLLBACK without a word
};

namespace transaction_internal {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace transaction_internal
}  // namespace ftl
