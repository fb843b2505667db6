#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "common/db/params.h"
#include "common/db/row.h"

struct pg_conn;

namespace ftl {

// libpq as it comes: each call waits for the server. For command-line steps and tests.
class BlockingConnection {
 public:
  static absl::StatusOr<BlockingConnection> Open(const std::string& url, const std::string& application_name);

  absl::StatusOr<Rows> Run(std::string_view sql, const Params& params = {});
  // Any number of statements without values. The server's own words are in the error: not for statements with secrets.
  absl::Status RunScript(std::string_view sql);

  // 150012 is 15.12.
  int server_version() const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit BlockingConnection(pg_conn* connection) : connection_(connection) {}

  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace ftl
