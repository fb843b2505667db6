#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Benchmarks. One whose process is no more is told as interrupted by whoever reads it.
class BenchmarkStore {
 public:
  // `process` is this process's UUID.
  BenchmarkStore(Database& database, std::string process) : database_(database), process_(std::move(process)) {}

  // Stores it as it stands now, whether it is new or not.
  Task<> Put(Deadline deadline, std::string owner, const pb::Benchmark& benchmark);
  // NOT_FOUND.
  Task<pb::Benchmark> Get(Deadline deadline, std::string owner, std::string project, std::string id);
  // Newest first, 50 at the most.
  Task<std::vector<pb::Benchmark>> List(Deadline deadline, std::string owner, std::string project);

 private:
  Database& database_;
  const std::string process_;
};

}  // namespace ftl::batch_runner
