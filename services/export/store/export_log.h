#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"

namespace ftl::exporter {

// Notes in the audit log that a session's results were taken away.
class ExportLog {
 public:
  explicit ExportLog(Database& database) : database_(database) {}

  // `session` is the hash, `format` a word of the contract.
  Task<> Record(Deadline deadline, std::string session, std::string format);

 private:
  Database& database_;
};

}  // namespace ftl::exporter
