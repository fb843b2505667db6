#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/batch-runner/store/benchmark_store.h"
#include "services/batch-runner/store/request_store.h"

namespace ftl::batch_runner {

// Keeps the log in order while the process lives: holds this process's lease, ends the calls and benchmarks that
// processes which are no more had under way, makes the partitions of days to come and drops those that are over. Any
// number of processes may do so at once. On the module's thread.
class RequestKeeper {
 public:
  static constexpr absl::Duration kLease = absl::Seconds(15);
  static constexpr absl::Duration kRenewal = absl::Seconds(5);

  // `days` are how long calls are kept; 0 for ever. The stores outlive it.
  RequestKeeper(asio::any_io_executor executor, RequestStore& store, BenchmarkStore& benchmarks, int days);
  ~RequestKeeper() { Stop(); }

  // Has the lease and the partitions of today, so that calls may begin.
  Task<> Start(Deadline deadline);
  void Stop();

 private:
  struct Watch;
  static asio::awaitable<void> Keep(std::shared_ptr<Watch> watch);
  static asio::awaitable<void> EndAbandoned(const Watch& watch);

  std::shared_ptr<Watch> watch_;
};

}  // namespace ftl::batch_runner
