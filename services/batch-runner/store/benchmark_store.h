#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Benchmarks. One under way has to be heard of (Keep) at least each 15 s; where it is not, whoever reads it is told
// that it was interrupted, and EndAbandoned makes that its end.
class BenchmarkStore {
 public:
  // `process` is this process's UUID.
  BenchmarkStore(Database& database, std::string process) : database_(database), process_(std::move(process)) {}

  // A new one, which is under way.
  Task<> Begin(Deadline deadline, std::string owner, const pb::Benchmark& benchmark);
  // Stores how far it has come. Gives whether it may go on: nobody wants it cancelled, and nobody has ended it.
  Task<bool> Keep(Deadline deadline, std::string owner, const pb::Benchmark& benchmark);
  // Stores its end. One that has ended already, by whosever hand, stays as it is.
  Task<> End(Deadline deadline, std::string owner, const pb::Benchmark& benchmark);
  // Asks whoever carries it to cancel it.
  Task<> AskToCancel(Deadline deadline, std::string owner, std::string project, std::string id);
  // Ends those that nobody carries any more, of all owners, and gives how many.
  Task<int64_t> EndAbandoned(Deadline deadline);

  // NOT_FOUND.
  Task<pb::Benchmark> Get(Deadline deadline, std::string owner, std::string project, std::string id);
  // Newest first, 50 at the most.
  Task<std::vector<pb::Benchmark>> List(Deadline deadline, std::string owner, std::string project);

 private:
  Database& database_;
  const std::string process_;
};

}  // namespace ftl::batch_runner
