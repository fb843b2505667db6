#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "common/db/database.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// What makes an ended run quick to read, done beside the work, one run after the other: its summary, the orders
// of its results, and the index of their texts. Best effort: what is not done yet is worked out where it is asked for.
class AfterRun {
 public:
  // `database` outlives the executor's work. One thread.
  AfterRun(asio::any_io_executor executor, Database& database);
  // The step under way is the last.
  ~AfterRun();
  AfterRun(const AfterRun&) = delete;
  AfterRun& operator=(const AfterRun&) = delete;

  // The scope's run may have ended. Returns at once; a run that was done is not looked at again.
  void LookAt(const RunScope& scope);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ftl::analytics
