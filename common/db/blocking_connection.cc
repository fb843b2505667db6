#include "common/db/blocking_connection.h"

#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "common/db/connection_settings.h"
#include "common/db/failure.h"
#include "common/db/wire_params.h"
#include "common/error/try.h"

namespace ftl {
namespace {

bool Worked(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

}  // namespace

void BlockingConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

absl::StatusOr<BlockingConnection> BlockingConnection::Open(const std::string& url,
                                                            const std::string& application_name) {
  TRY(const ConnectionKeywords keywords, ReadConnectionString(url, /*role=*/"", application_name));
  std::vector<const char*> names, values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  BlockingConnection connection(PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/0));
  if (PQstatus(connection.connection_.get()) != CONNECTION_OK) return ConnectionFailure(connection.connection_.get());
  PQsetNoticeReceiver(
      connection.connection_.get(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

absl::StatusOr<Rows> BlockingConnection::Run(std::string_view sql, const Params& params) {
  const WireParams wire(params);
  PGresult* result = PQexecParams(connection_.get(), std::string(sql).c_str(), wire.count(), wire.types.data(),
                                  wire.bytes.data(), wire.lengths.data(), wire.formats.data(), /*resultFormat=*/0);
  Rows rows(result);
  if (!Worked(result)) return StatementFailure(result, sql.substr(0, 60));
  return rows;
}

absl::Status BlockingConnection::RunScript(std::string_view sql) {
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection_.get(), std::string(sql).c_str()),
                                                              PQclear);
  if (Worked(result.get())) return absl::OkStatus();
  const char* words = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  return absl::InternalError(words != nullptr ? words : PQerrorMessage(connection_.get()));
}

int BlockingConnection::server_version() const { return PQserverVersion(connection_.get()); }

}  // namespace ftl
