#include "common/db/connection.h"

#include <poll.h>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <boost/asio/this_coro.hpp>

#include "common/db/failure.h"
#include "common/db/statement_span.h"
#include "common/db/wire_params.h"
#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl {
namespace {

constexpr Query kBegin{"db.begin", "BEGIN"};
constexpr Query kCommit{"db.commit", "COMMIT"};
constexpr Query kRollBack{"db.roll_back", "ROLLBACK"};

// libpq would print the server's notices on stderr.
void IgnoreNotice(void*, const PGresult*) {}

pg_conn* StartConnecting(const ConnectionKeywords& keywords) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(names.data(), values.data(), /*expand_dbname=*/0);
}

bool HasNul(const Params& params) {
  for (const Params::Value& value : params.values()) {
    if (!value.binary && value.bytes && value.bytes->find('\0') != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Task<std::unique_ptr<Connection>> Connection::Open(ConnectionKeywords keywords, Deadline deadline) {
  CO_TRY(const ConnectionKeywords resolved, co_await ResolveHosts(std::move(keywords), deadline));
  auto executor = co_await asio::this_coro::executor;
  pg_conn* started = StartConnecting(resolved);
  if (started == nullptr) co_return absl::InternalError("no memory for a database connection");
  std::unique_ptr<Connection> connection(new Connection(started, executor));
  absl::Status status = co_await connection->FinishConnecting(deadline);
  if (absl::IsDeadlineExceeded(status)) status = DatabaseUnavailable("no connection in time");
  if (!status.ok()) co_return status;
  co_return connection;
}

Connection::Connection(pg_conn* connection, asio::any_io_executor executor)
    : connection_(connection), socket_(SocketWait::Make(std::move(executor))) {
  PQsetNoticeReceiver(connection_, IgnoreNotice, nullptr);
}

Connection::~Connection() {
  socket_->Release();
  PQfinish(connection_);
}

Task<> Connection::FinishConnecting(Deadline deadline) {
  if (PQstatus(connection_) == CONNECTION_BAD) co_return ConnectionFailure(connection_);
  for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
    if (next == PGRES_POLLING_FAILED) co_return ConnectionFailure(connection_);
    // The socket may be another one after each poll, under the same number.
    socket_->Watch(PQsocket(connection_));
    if (next == PGRES_POLLING_READING) {
      CO_TRY(co_await socket_->Readable(deadline));
    } else {
      CO_TRY(co_await socket_->Writable(deadline));
    }
    socket_->Release();
    next = PQconnectPoll(connection_);
  }
  socket_->Watch(PQsocket(connection_));
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) == 0) {
    co_return ConnectionFailure(connection_);
  }
  co_return absl::OkStatus();
}

bool Connection::usable() const { return !under_way_ && PQstatus(connection_) == CONNECTION_OK; }

bool Connection::Idle() const {
  if (!usable() || PQtransactionStatus(connection_) != PQTRANS_IDLE) return false;
  // An idle connection has something to read when the server says goodbye.
  pollfd look = {.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  return poll(&look, 1, 0) == 0;
}

Task<std::vector<Rows>> Connection::Pipeline(const std::vector<Statement>& statements, Deadline deadline) {
  trace::Span span = StatementSpan(statements);
  return span.is_recorded() ? Carry(std::move(span), statements, deadline) : Carry(statements, deadline);
}

Task<std::vector<Rows>> Connection::Transact(std::vector<Statement>& statements, Deadline deadline) {
  trace::Span span = StatementSpan(statements);
  statements.insert(statements.begin(), Statement{kBegin, {}});
  statements.push_back(Statement{kCommit, {}});
  absl::StatusOr<std::vector<Rows>> all = co_await Carry(statements, deadline);
  statements.pop_back();
  statements.erase(statements.begin());
  if (all.ok()) {
    all->pop_back();
    all->erase(all->begin());
    co_return all;
  }
  span.Fail(CodeOf(ReasonOf(all.status())));
  if (usable() && PQtransactionStatus(connection_) == PQTRANS_INERROR) {
    const std::vector<Statement> roll_back = {{kRollBack, {}}};
    (void)co_await Carry(roll_back, deadline);
  }
  co_return all;
}

Task<std::vector<Rows>> Connection::Carry(trace::Span span, const std::vector<Statement>& statements,
                                          Deadline deadline) {
  absl::StatusOr<std::vector<Rows>> all = co_await Carry(statements, deadline);
  if (!all.ok()) span.Fail(CodeOf(ReasonOf(all.status())));
  co_return all;
}

Task<std::vector<Rows>> Connection::Carry(const std::vector<Statement>& statements, Deadline deadline) {
  under_way_ = true;
  expected_.clear();
  for (const Statement& statement : statements) CO_TRY(Send(statement));
  if (PQpipelineSync(connection_) == 0) co_return ConnectionFailure(connection_);
  CO_TRY(co_await Flush(deadline));

  std::vector<Rows> all;
  all.reserve(statements.size());
  absl::Status failure;
  for (const Expected& expected : expected_) {
    CO_TRY(co_await AwaitResult(deadline));
    PGresult* result = PQgetResult(connection_);
    if (result == nullptr) co_return ConnectionFailure(connection_);
    Rows rows(result);
    const Query& query = expected.statement->query;
    switch (PQresultStatus(result)) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (expected.is_preparation) {
          prepared_.emplace(query.name, query.sql);
        } else {
          all.push_back(std::move(rows));
        }
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (failure.ok()) failure = StatementFailure(result, query.name);
        if (PQstatus(connection_) == CONNECTION_BAD) co_return failure;
    }
    CO_TRY(co_await AwaitResult(deadline));
    if (PGresult* end = PQgetResult(connection_); end != nullptr) {
      PQclear(end);
      co_return absl::InternalError(fmt::format("query {} gave more than one result", query.name));
    }
  }
  CO_TRY(co_await AwaitResult(deadline));
  PGresult* sync = PQgetResult(connection_);
  const ExecStatusType last = PQresultStatus(sync);
  if (last != PGRES_PIPELINE_SYNC && failure.ok()) failure = StatementFailure(sync, "sync");
  PQclear(sync);
  under_way_ = last != PGRES_PIPELINE_SYNC;
  if (!failure.ok()) co_return failure;
  co_return all;
}

absl::Status Connection::Send(const Statement& statement) {
  const auto& [query, params] = statement;
  if (HasNul(params)) return absl::InternalError(fmt::format("query {}: a parameter holds U+0000", query.name));
  const WireParams wire(params);
  const std::string name(query.name);
  const std::string sql(query.sql);
  if (name.empty()) {
    expected_.push_back({&statement, /*is_preparation=*/false});
    return PQsendQueryParams(connection_, sql.c_str(), wire.count(), wire.types.data(), wire.bytes.data(),
                             wire.lengths.data(), wire.formats.data(), /*resultFormat=*/0) != 0
               ? absl::OkStatus()
               : ConnectionFailure(connection_);
  }
  bool known = false;
  for (const Expected& sent : expected_) known |= sent.is_preparation && sent.statement->query.name == query.name;
  if (const auto found = prepared_.find(name); found != prepared_.end()) {
    if (found->second != query.sql) return absl::InternalError(fmt::format("two queries are named {}", name));
    known = true;
  }
  if (!known) {
    expected_.push_back({&statement, /*is_preparation=*/true});
    if (PQsendPrepare(connection_, name.c_str(), sql.c_str(), wire.count(), wire.types.data()) == 0) {
      return ConnectionFailure(connection_);
    }
  }
  expected_.push_back({&statement, /*is_preparation=*/false});
  return PQsendQueryPrepared(connection_, name.c_str(), wire.count(), wire.bytes.data(), wire.lengths.data(),
                             wire.formats.data(), /*resultFormat=*/0) != 0
             ? absl::OkStatus()
             : ConnectionFailure(connection_);
}

Task<> Connection::Flush(Deadline deadline) {
  while (true) {
    const int left = PQflush(connection_);
    if (left == 0) co_return absl::OkStatus();
    if (left < 0) co_return ConnectionFailure(connection_);
    // Reading too, or both ends might wait for each other with full buffers.
    CO_TRY(co_await socket_->ReadableOrWritable(deadline));
    if (PQconsumeInput(connection_) == 0) co_return ConnectionFailure(connection_);
  }
}

Task<> Connection::AwaitResult(Deadline deadline) {
  while (PQisBusy(connection_) != 0) {
    CO_TRY(co_await socket_->Readable(deadline));
    if (PQconsumeInput(connection_) == 0) co_return ConnectionFailure(connection_);
  }
  co_return absl::OkStatus();
}

Task<Notification> Connection::NextNotification(Deadline deadline) {
  while (true) {
    if (PQconsumeInput(connection_) == 0) co_return ConnectionFailure(connection_);
    if (PGnotify* heard = PQnotifies(connection_)) {
      Notification notification{heard->relname, heard->extra};
      PQfreemem(heard);
      co_return notification;
    }
    CO_TRY(co_await socket_->Readable(deadline));
  }
}

}  // namespace ftl
