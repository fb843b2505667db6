#include "services/batch-runner/run/run_ending.h"

#include <utility>

#include "common/error/refusal.h"
#include "common/observe/log.h"
#include "services/batch-runner/store/run_row.h"

namespace ftl::batch_runner {
namespace {

namespace call = finetunelab::endpoint::v1;

constexpr absl::Duration kStoreLimit = absl::Seconds(10);

}  // namespace

bool IsGone(const absl::Status& refusal) {
  const Reason reason = ReasonOf(refusal);
  return reason == Reason::kSessionNotFound || reason == Reason::kSessionExpired || reason == Reason::kRunNotFound;
}

RunFailure KeyRefused(const absl::Status& refusal) { return {std::string(refusal.message()), call::ERROR_TYPE_AUTH}; }

RunFailure OutOfCredit() {
  return {"The endpoint says that the account is out of credit. Add credit, or use another key.",
          call::ERROR_TYPE_RATE_LIMIT};
}

RunFailure TooManyFailures() {
  return {"As many prompts failed as the run allows (max_failures).", call::ERROR_TYPE_API_ERROR};
}

RunFailure WaitedTooLong() {
  return {"The endpoint has asked to wait for five minutes in a row and answered nothing. Try again later.",
          call::ERROR_TYPE_RATE_LIMIT};
}

RunFailure PartLost() {
  return {"A part of the run was lost with the database that kept it.", call::ERROR_TYPE_UNKNOWN};
}

RunFailure OurFault() { return {"The run could not go on because of a fault on our side.", call::ERROR_TYPE_UNKNOWN}; }

bool MakeStorable(pb::Result& result) {
  if (result.outcome() == call::OUTCOME_BAD_FORMAT) return false;
  result.clear_response();
  result.clear_checks();
  result.clear_finish_reason();
  result.set_success(false);
  result.set_outcome(call::OUTCOME_BAD_FORMAT);
  result.set_error("The answer came, but it could not be stored.");
  result.set_error_type(call::ERROR_TYPE_UNKNOWN);
  return true;
}

asio::awaitable<void> RunEnding::Fail(RunFailure failure, const CallTarget* target) {
  const Dispatcher::Parts& parts = dispatcher_.parts();
  RunStore::Ending ending{
      .status = pb::RUN_STATUS_FAILED, .error = std::move(failure.error), .error_type = failure.type};
  const auto run = co_await parts.runs.End(OwnCall(kStoreLimit), run_.session, run_.test_run_id, std::move(ending));
  if (!run.ok()) {
    log::Warn("a run's failure was not stored", {{"run", run_.test_run_id}, {"status", run.status()}});
    co_return;
  }
  parts.feed.Touch(run_.test_run_id);
  dispatcher_.TellOthers(run_.test_run_id);
  co_await ForgetKey(target);
}

asio::awaitable<void> RunEnding::ForgetKey(const CallTarget* target) {
  if (target != nullptr && target->forget_key_after_run) (void)co_await dispatcher_.ForgetKey(run_);
}

asio::awaitable<void> RunEnding::ForgetKeyOfEndedRun(const CallTarget* target) {
  if (target == nullptr || !target->forget_key_after_run) co_return;
  const auto run = co_await dispatcher_.parts().runs.Get(OwnCall(kStoreLimit), run_.session, run_.test_run_id);
  if (run.ok() && HasEnded(run->status())) co_await ForgetKey(target);
}

}  // namespace ftl::batch_runner
