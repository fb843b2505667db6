#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/connection_settings.h"
#include "common/db/query.h"
#include "common/db/row.h"
#include "common/db/socket_wait.h"
#include "common/observe/trace/span.h"
#include "common/time/deadline.h"

struct pg_conn;

namespace ftl {

// One NOTIFY that was heard.
struct Notification {
  std::string channel;
  std::string payload;
};

// libpq on Asio: one connection, one unit of work at a time, on one thread, which never blocks. Whoever breaks a unit
// off (deadline, cancellation, destruction of its coroutine) leaves the connection unusable: it is closed, never used
// again.
class Connection {
 public:
  static Task<std::unique_ptr<Connection>> Open(ConnectionKeywords keywords, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends `statements` and one sync, and reads what each gave. The first failure is given, and nothing after it was
  // done; what was done before it is kept only where they opened a transaction block, or stand in one. Named statements
  // are prepared on the way where this connection does not know them yet.
  Task<std::vector<Rows>> Pipeline(const std::vector<Statement>& statements, Deadline deadline);

  // The same as a whole: all or none take effect. BEGIN and COMMIT travel along; a transaction that failed is rolled
  // back before this returns. `statements` are then what they were.
  Task<std::vector<Rows>> Transact(std::vector<Statement>& statements, Deadline deadline);

  // The next NOTIFY on the channels this connection listens on. kDeadlineExceeded leaves the connection usable.
  Task<Notification> NextNotification(Deadline deadline);

  // Open, and nothing under way.
  bool usable() const;
  // Usable and outside any transaction, with nothing to read that was not asked for. Costs a look at the socket.
  bool Idle() const;

 private:
  Connection(pg_conn* connection, asio::any_io_executor executor);

  Task<std::vector<Rows>> Carry(const std::vector<Statement>& statements, Deadline deadline);
  // The same within a span.
  Task<std::vector<Rows>> Carry(trace::Span span, const std::vector<Statement>& statements, Deadline deadline);

  Task<> FinishConnecting(Deadline deadline);
  // Puts one statement, and its preparation where needed, into the pipeline.
  absl::Status Send(const Statement& statement);
  Task<> Flush(Deadline deadline);
  // Reads until the next result can be had without waiting.
  Task<> AwaitResult(Deadline deadline);

  // What the server will answer next.
  struct Expected {
    const Statement* statement;
    bool is_preparation;
  };

  pg_conn* connection_;
  std::shared_ptr<SocketWait> socket_;
  std::unordered_map<std::string, std::string> prepared_;  // name to text
  std::vector<Expected> expected_;
  bool under_way_ = false;
};

}  // namespace ftl
