#include "common/db/database.h"

#include "common/db/connection_pool.h"
#include "common/db/session_statement.h"

namespace ftl {
namespace {

constexpr Query kCheck{"db.check", "SELECT 1"};

}  // namespace

DatabaseSettings DatabaseSettings::ForLane(std::string name, int connections) const {
  DatabaseSettings settings = *this;
  settings.lane = std::move(name);
  settings.max_connections = connections;
  return settings;
}

Database::Database(asio::any_io_executor executor, DatabaseSettings settings)
    : pool_(std::make_shared<ConnectionPool>(executor, settings)),
      health_(std::make_shared<ConnectionPool>(executor, settings.ForLane("health", 1))) {}

Database::~Database() {
  pool_->Close();
  health_->Close();
}

Task<> Database::Check(Deadline deadline) {
  const std::shared_ptr<ConnectionPool> health = health_;
  CO_TRY(ConnectionLease connection, co_await health->Acquire(deadline));
  const std::vector<Statement> check = {{kCheck, {}}};
  co_return (co_await connection->Pipeline(check, deadline)).status();
}

DatabaseUse Database::use() const { return pool_->use(); }

Task<Rows> Database::Run(Deadline deadline, SessionScope scope, Query query, Params params) {
  std::vector<Statement> statements;
  statements.push_back({query, std::move(params)});
  CO_TRY(std::vector<Rows> all, co_await RunAll(deadline, std::move(scope), std::move(statements)));
  co_return std::move(all.front());
}

Task<std::vector<Rows>> Database::RunAll(Deadline deadline, SessionScope scope, std::vector<Statement> statements) {
  const std::shared_ptr<ConnectionPool> pool = pool_;
  const bool scoped = !scope.setting().empty();
  const SessionStatement sessions(scope);
  if (scoped) statements.insert(statements.begin(), sessions.Get());
  // One statement is a transaction by itself.
  const bool is_one = statements.size() == 1;
  for (int attempt = 1;; ++attempt) {
    CO_TRY(ConnectionLease connection, co_await pool->Acquire(deadline));
    Task<std::vector<Rows>> carried =
        is_one ? connection->Pipeline(statements, deadline) : connection->Transact(statements, deadline);
    absl::StatusOr<std::vector<Rows>> all = co_await std::move(carried);
    if (all.ok() && scoped) all->erase(all->begin());
    if (all.ok() || !IsRepeatable(all.status()) || attempt == Transaction::kMaxAttempts) co_return all;
  }
}

}  // namespace ftl
