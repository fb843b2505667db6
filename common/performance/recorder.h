#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/analytics/v1/performance_service.pb.h"

namespace ftl::performance {

namespace pb = finetunelab::analytics::v1;

// Reads every ten seconds how the machine and this process fare, and has it kept. On a thread of its own, with a
// connection of its own: nobody waits for it. What cannot be kept is missing, and nothing else comes of it.
//
// A process is recorded once: of several recorders the first does it, as long as it lives, and the others do nothing.
class Recorder {
 public:
  using Keep = std::function<Task<>(Deadline deadline, std::vector<pb::PerformanceRow> rows)>;

  // Into PostgreSQL, with the role of `database`.
  explicit Recorder(const DatabaseSettings& database);
  // Wherever `keep` brings it; it is called on the recorder's thread.
  explicit Recorder(Keep keep);
  // Waits for what is being kept, up to three seconds.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;  // null where another records
};

}  // namespace ftl::performance
