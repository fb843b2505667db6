#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <absl/time/time.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "services/batch-runner/bench/arrivals.h"
#include "services/batch-runner/bench/load_figures.h"
#include "services/batch-runner/call/model_call.h"

namespace ftl::batch_runner {

// A benchmark under way: makes its calls and gathers what came of them. On the module's thread.
class Load : public std::enable_shared_from_this<Load> {
 public:
  // Calls that are under way at a time, at the most.
  static constexpr size_t kMostUnderWay = 1024;

  Load(asio::any_io_executor executor, ModelCalls& calls, std::string owner, pb::Benchmark benchmark)
      : executor_(executor),
        calls_(calls),
        owner_(std::move(owner)),
        benchmark_(std::move(benchmark)),
        wake_(executor) {}

  // As far as it has come.
  const pb::Benchmark& benchmark() const { return benchmark_; }
  pb::Benchmark& benchmark() { return benchmark_; }
  const std::string& owner() const { return owner_; }

  // Finds a prompt of the plan's length; how it failed where no call succeeded.
  Task<> FitPrompt();
  // Puts one load on the model, of so many at a time or so many a second, and gives what was measured.
  asio::awaitable<pb::BenchmarkPoint> Measure(std::optional<double> rate);
  // Breaks it off.
  void Stop();
  bool is_stopped() const { return is_stopped_; }
  // Why it cannot go on: the key is gone, say. Ok where it can.
  const absl::Status& obstacle() const { return obstacle_; }

 private:
  struct Call {
    asio::cancellation_signal cancel;
  };
  using Place = std::list<Call>::iterator;

  ModelCall AskedCall(int output_tokens) const;
  void Begin(std::optional<Deadline> scheduled);
  asio::awaitable<void> Make(Place place, std::optional<Deadline> scheduled);
  asio::awaitable<void> Sleep(Deadline until);

  asio::any_io_executor executor_;
  ModelCalls& calls_;
  const std::string owner_;
  pb::Benchmark benchmark_;
  std::string prompt_;
  std::vector<LoadSample> samples_;  // of the load that is measured now
  std::list<Call> under_way_;
  bool is_stopped_ = false;
  absl::Status obstacle_;
  asio::steady_timer wake_;
};

}  // namespace ftl::batch_runner
