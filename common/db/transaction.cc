#include "common/db/transaction.h"

#include <iterator>

#include "common/db/connection_pool.h"
#include "common/db/session_statement.h"
#include "common/error/try.h"

namespace ftl {
namespace {

constexpr Query kBegin{"db.begin", "BEGIN"};
constexpr Query kCommit{"db.commit", "COMMIT"};
constexpr Query kRollBack{"db.roll_back", "ROLLBACK"};

}  // namespace

Transaction::Transaction(ConnectionLease lease, Deadline deadline, SessionScope scope)
    : lease_(std::make_unique<ConnectionLease>(std::move(lease))), deadline_(deadline), scope_(std::move(scope)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Task<Transaction> Transaction::Begin(ConnectionPool& pool, Deadline deadline, SessionScope scope) {
  CO_TRY(ConnectionLease lease, co_await pool.Acquire(deadline));
  co_return Transaction(std::move(lease), deadline, std::move(scope));
}

Task<Rows> Transaction::Run(Query query, Params params) {
  std::vector<Statement> statements;
  statements.push_back({query, std::move(params)});
  CO_TRY(std::vector<Rows> all, co_await RunAll(std::move(statements)));
  co_return std::move(all.front());
}

Task<std::vector<Rows>> Transaction::RunAll(std::vector<Statement> statements) {
  if (!failure_.ok()) co_return failure_;
  const bool first = !std::exchange(begun_, true);
  const SessionStatement sessions(scope_);
  if (first) {
    const Statement opening[] = {{kBegin, {}}, sessions.Get()};
    statements.insert(statements.begin(), std::begin(opening), std::end(opening));
  }
  absl::StatusOr<std::vector<Rows>> all = co_await (*lease_)->Pipeline(statements, deadline_);
  failure_ = all.status();
  if (all.ok() && first) all->erase(all->begin(), all->begin() + 2);
  co_return all;
}

Task<> Transaction::Commit() {
  if (!failure_.ok()) co_return failure_;
  if (!begun_) co_return absl::OkStatus();
  const std::vector<Statement> commit = {{kCommit, {}}};
  co_return (co_await (*lease_)->Pipeline(commit, deadline_)).status();
}

Task<> Transaction::RollBack() {
  if (!begun_ || !(*lease_)->usable()) co_return absl::OkStatus();
  const std::vector<Statement> roll_back = {{kRollBack, {}}};
  co_return (co_await (*lease_)->Pipeline(roll_back, deadline_)).status();
}

}  // namespace ftl
