#pragma once

#include <functional>
#include <memory>

#include <absl/status/status.h>
#include <boost/asio/cancellation_signal.hpp>

#include "services/batch-runner/call/call_target.h"
#include "services/batch-runner/run/dispatcher.h"

namespace ftl::batch_runner {

// The key of one run, asked for until the vault lends it or says that it never will. On the module's thread.
class Borrowing {
 public:
  // `heard` is called when it is under way no more. `parts` and `run` must outlive it.
  Borrowing(const Dispatcher::Parts& parts, const RunKey& run, std::function<void()> heard)
      : parts_(parts), run_(run), heard_(std::move(heard)) {}

  // The first time only. `keeper` keeps this, and `parameters`, for as long as it is under way.
  void Start(const pb::RunParameters& parameters, std::shared_ptr<void> keeper);
  void Stop();
  bool is_under_way() const { return under_way_; }

  // Null until a key is borrowed.
  const std::shared_ptr<CallTarget>& target() const { return target_; }
  // Why none can be; and whether that is so because it may not be used.
  const absl::Status& obstacle() const { return obstacle_; }
  bool is_refused() const;

 private:
  asio::awaitable<void> Borrow(const pb::RunParameters& parameters);

  const Dispatcher::Parts& parts_;
  const RunKey& run_;
  const std::function<void()> heard_;
  std::shared_ptr<CallTarget> target_;
  absl::Status obstacle_;
  bool started_ = false;
  bool under_way_ = false;
  bool stopped_ = false;
  asio::cancellation_signal stop_;
};

}  // namespace ftl::batch_runner
