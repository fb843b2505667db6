#pragma once

#include <string>

#include <absl/status/status.h>

#include "common/async/task.h"
#include "services/batch-runner/call/call_target.h"
#include "services/batch-runner/run/dispatcher.h"

namespace ftl::batch_runner {

// Whether a refusal says that the run, or its session, is there no more.
bool IsGone(const absl::Status& refusal);

// Why a run cannot go on, as its person is told.
struct RunFailure {
  std::string error;
  finetunelab::endpoint::v1::ErrorType type;
};
// Its key may not be used any more.
RunFailure KeyRefused(const absl::Status& refusal);
RunFailure OutOfCredit();
RunFailure TooManyFailures();
RunFailure WaitedTooLong();
RunFailure PartLost();
RunFailure OurFault();

// Turns a result that the database did not take into one that it takes: that an answer came, and not what it was. False
// where that has been done.
bool MakeStorable(pb::Result& result);

// The end of one run: stored, told, and the key gone where its person asked for that. `dispatcher` must outlive it.
class RunEnding {
 public:
  RunEnding(Dispatcher& dispatcher, RunKey run) : dispatcher_(dispatcher), run_(std::move(run)) {}

  // Ends the run. `target` is null where no key was borrowed, here and below.
  asio::awaitable<void> Fail(RunFailure failure, const CallTarget* target);
  // The run has ended.
  asio::awaitable<void> ForgetKey(const CallTarget* target);
  // Somebody else may have ended it.
  asio::awaitable<void> ForgetKeyOfEndedRun(const CallTarget* target);

 private:
  Dispatcher& dispatcher_;
  const RunKey run_;
};

}  // namespace ftl::batch_runner
