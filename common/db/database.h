#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/failure.h"
#include "common/db/query.h"
#include "common/db/row.h"
#include "common/db/session_scope.h"
#include "common/db/transaction.h"
#include "common/error/try.h"
#include "common/time/deadline.h"

namespace ftl {

class ConnectionPool;

struct DatabaseSettings {
  // postgresql://… or `host=… dbname=…`. TLS is asked for except over a unix socket or loopback, unless it says
  // otherwise.
  std::string url = {};
  // The role whose rights the work has, `ftl_batch_runner` say; empty: the login's own.
  std::string role = {};
  // What pg_stat_activity calls us.
  std::string application_name = "finetunelab";
  // What the server is told for this module, `-c name=value …`.
  std::string server_settings = {};
  // Which work the connections are for, `reads` say; a word for people who read metrics.
  std::string lane = "calls";
  // At least 1. A query holds a connection for one round trip, so few serve many; more than the server's cores only
  // wait there instead of here.
  int max_connections = 8;

  // The same for other work, which has connections and a line of its own.
  DatabaseSettings ForLane(std::string name, int connections) const;
};

// How the lane stands.
struct DatabaseUse {
  int open = 0;  // connections, idle ones included
  int idle = 0;
  int waiting = 0;  // calls that wait for one
};

// PostgreSQL for one kind of a module's work: a lane, whose calls wait for each other and for nobody else's. Belongs to
// one io_context with one thread, on which every task must run. Opens no
// connection before the first call; recovers by itself when the server comes back, one careful attempt at a time, and
// refuses at once with kDatabaseUnavailable meanwhile.
//
// A unit of work is one pipeline: the session's setting, the statements, one sync. That is one transaction and one
// round trip. A unit that fails leaves nothing behind. Exception: when the connection or the time is lost after the
// sync was sent, nobody knows whether it took effect; write so that a repeat does no harm.
//
// Errors: see common/db/failure.h. Serialization failures and deadlocks are repeated here, up to three times in all.
class Database {
 public:
  Database(asio::any_io_executor executor, DatabaseSettings settings);
  // Calls under way end as cancelled or unavailable; their coroutines must not be resumed after the io_context is gone.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Task<Rows> Run(Deadline deadline, SessionScope scope, Query query, Params params = {});

  // One pipeline, one transaction; gives the rows of each statement in order.
  Task<std::vector<Rows>> RunAll(Deadline deadline, SessionScope scope, std::vector<Statement> statements);

  // A transaction of several round trips, for where a decision stands between statements. `work` is called with a
  // Transaction& and gives a Task<T>; its value is given on when it was committed. Any failure of `work` rolls back.
  // `work` may be called again (serialization failure, deadlock): it must start from nothing.
  //   auto work = [&](Transaction& transaction) -> Task<Run> { … };
  //   CO_TRY(const Run run, co_await database.Transact(deadline, scope, work));
  template <typename Work>
  std::invoke_result_t<Work&, Transaction&> Transact(Deadline deadline, SessionScope scope, Work work);

  // Whether the database answers, by a connection of its own: it waits behind no work.
  Task<> Check(Deadline deadline);

  DatabaseUse use() const;

 private:
  std::shared_ptr<ConnectionPool> pool_;
  std::shared_ptr<ConnectionPool> health_;
};

template <typename Work>
std::invoke_result_t<Work&, Transaction&> Database::Transact(Deadline deadline, SessionScope scope, Work work) {
  for (int attempt = 1;; ++attempt) {
    CO_TRY(Transaction transaction, co_await Transaction::Begin(*pool_, deadline, scope));
    auto result = co_await work(transaction);
    absl::Status status = transaction_internal::StatusOf(result);
    if (status.ok()) {
      status = co_await transaction.Commit();
    } else {
      co_await transaction.RollBack();
    }
    if (status.ok()) co_return result;
    if (!IsRepeatable(status) || attempt == Transaction::kMaxAttempts) co_return status;
  }
}

}  // namespace ftl
