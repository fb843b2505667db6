#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>

#include <boost/asio/cancellation_signal.hpp>

#include "common/observe/instrument.h"
#include "common/observe/trace/span_context.h"
#include "services/batch-runner/run/attempt.h"
#include "services/batch-runner/run/dispatcher.h"
#include "services/batch-runner/run/run_metrics.h"

namespace ftl::batch_runner {

// The calls that this process has under way for one run. On the module's thread.
class RunCalls {
 public:
  // What is heard of them.
  struct Listener {
    std::function<void(LeasedPrompt prompt, absl::StatusOr<Attempted> attempted)> ended;
    // The endpoint asked one that began then to slow down.
    std::function<void(absl::Time began, absl::Time now)> throttled;
    // The model has been found to take fewer tokens than it was asked for.
    std::function<void()> lowered;
  };
  // `dispatcher` and `run` must outlive it.
  RunCalls(Dispatcher& dispatcher, const RunKey& run, Listener listener);

  bool empty() const { return calls_.empty(); }
  // The trace that they belong to.
  void BelongTo(std::optional<trace::SpanContext> trace) { trace_ = std::move(trace); }
  // `keeper` keeps this, and `parameters`, until the call has ended.
  void Begin(LeasedPrompt prompt, std::shared_ptr<CallTarget> target, const pb::RunParameters& parameters,
             std::shared_ptr<void> keeper);
  // They end without a result.
  void BreakOff();

 private:
  struct Call {
    LeasedPrompt prompt;
    asio::cancellation_signal cancel;
    metrics::Counted counted{run_metrics::CallsInProgress()};
  };
  using Place = std::list<Call>::iterator;

  CallObserver Observer(finetunelab::endpoint::v1::Provider provider, int per_minute);
  // Waits until the run's requests a minute allow one more than those that leases drew.
  Task<> TakeTurn(int per_minute);
  void End(Place place, absl::StatusOr<Attempted> attempted);

  Dispatcher& dispatcher_;
  const RunKey& run_;
  const Listener listener_;
  AnswerJudge judge_;
  std::optional<trace::SpanContext> trace_;
  std::list<Call> calls_;
};

}  // namespace ftl::batch_runner
