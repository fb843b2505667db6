#pragma once

#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_looks.h"
#include "services/batch-runner/store/run_starts.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_store.h"

namespace ftl::batch_runner {

// A thread beside the module's, for what people ask that needs nothing but the database: suites, runs, results, and
// that a run be stored. On the module's thread each such call would wait for thousands of calls to endpoints, and hold
// a connection meanwhile that others wait for.
//
// It has lanes of its own: looks at runs go together, starts of runs go together, by two connections each, and
// whatever may be large goes by itself. More connections would only wait for the processor in the database, and let a
// thousand starts stand in front of a look there.
//
// The stores are used on its executor alone. Made and stopped on the module's thread.
class Desk {
 public:
  Desk(const DatabaseSettings& settings, int read_connections);
  // Stops it.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  asio::any_io_executor executor() { return context_.get_executor(); }
  RunStarts& starts() { return run_starts_; }
  RunLooks& looks() { return run_looks_; }
  RunStore& runs() { return runs_; }
  ResultStore& results() { return results_; }
  SuiteStore& suites() { return suites_; }
  // Nobody calls any more: ends the thread.
  void Stop();

 private:
  // Lets go of what waits on it while it still stands, and with it the connections that those hold.
  struct Context : asio::io_context {
    using asio::io_context::io_context;
    void LetGo() { shutdown(); }
  };

  Context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Database database_;
  Database pages_;
  SharedCommits starts_;
  SharedCommits looks_;
  RunStarts run_starts_;
  RunLooks run_looks_;
  RunStore runs_;
  ResultStore results_;
  SuiteStore suites_;
  std::thread thread_;
};

}  // namespace ftl::batch_runner
