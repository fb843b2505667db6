#pragma once

#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/db/database.h"
#include "services/batch-runner/store/result_store.h"
#include "services/batch-runner/store/run_store.h"
#include "services/batch-runner/store/suite_store.h"

namespace ftl::batch_runner {

// A thread beside the module's, for what people ask that needs nothing but the database: suites, runs, results, and
// that a run be stored. It has lanes of its own. On the module's thread each such call would wait for thousands of
// calls to endpoints, and hold a connection meanwhile that others wait for.
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
  Database looks_;
  Database starts_;
  RunStore runs_;
  ResultStore results_;
  SuiteStore suites_;
  std::thread thread_;
};

}  // namespace ftl::batch_runner
