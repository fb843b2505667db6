#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/request.pb.h"

namespace ftl::exporter {

// Reads the log of calls for a file, oldest first.
class HistoryReader {
 public:
  explicit HistoryReader(Database& database) : database_(database) {}

  // Calls that began between the two moments, from the one behind the call `after` on (empty for the first): as many as
  // fit into 1 MiB, at least one, at most 1,000; none at the end.
  Task<std::vector<finetunelab::batch_runner::v1::LoggedRequest>> ReadAfter(Deadline deadline, std::string owner,
                                                                            std::string project, absl::Time from,
                                                                            absl::Time to, std::string after);
  // Notes in the audit log that calls were taken away.
  Task<> Record(Deadline deadline, std::string owner, std::string format);

 private:
  Database& database_;
};

}  // namespace ftl::exporter
