#include "services/batch-runner/run/run_worker.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"

namespace ftl::batch_runner {
namespace {

namespace call = finetunelab::endpoint::v1;

constexpr absl::Duration kStoreLimit = absl::Seconds(10);
// How long a worker rests while the database is away.
constexpr absl::Duration kRest = absl::Milliseconds(500);
bool HasEnded(const pb::Run& run) {
  return run.status() == pb::RUN_STATUS_COMPLETED || run.status() == pb::RUN_STATUS_FAILED ||
         run.status() == pb::RUN_STATUS_CANCELLED;
}

}  // namespace

RunWorker::RunWorker(Dispatcher& dispatcher, RunKey run)
    : dispatcher_(dispatcher), parts_(dispatcher.parts_), run_(std::move(run)), wake_(parts_.executor) {}

asio::awaitable<void> RunWorker::Work() {
  const auto self = shared_from_this();
  while (true) {
    const absl::Status prepared = co_await Prepare();
    if (prepared.ok()) break;
    const Reason reason = ReasonOf(prepared);
    log::Warn("run cannot go on", {{"run", run_.test_run_id}, {"status", prepared}});
    if (reason == Reason::kKeyForgotten || reason == Reason::kEndpointNotAllowed) {
      co_await Fail(std::string(prepared.message()), call::ERROR_TYPE_AUTH);
      co_return;
    }
    if (reason == Reason::kSessionNotFound || reason == Reason::kSessionExpired || reason == Reason::kRunNotFound)
      co_return;
    co_await Sleep(kRest);
    if (dropped_ || draining_) co_return;
  }
  while (!dropped_) {
    const absl::Time now = absl::Now();
    const bool gives_up = out_of_credit_ || failures_left_ <= 0;
    const int wanted = more_ && !draining_ && !gives_up ? pacer_->MayStart(now) : 0;
    if (!finished_.empty() || wanted > 0) {
      if (!co_await Step(wanted)) break;
      continue;
    }
    if (calls_.empty() && (!more_ || draining_)) break;
    const auto next = pacer_->NextStart(now);
    co_await Sleep(more_ && next ? std::min(*next - now, absl::Seconds(1)) : absl::Seconds(1));
  }
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
  while (!calls_.empty()) co_await Sleep(absl::Seconds(1));
}

Task<> RunWorker::Prepare() {
  const CallContext call = OwnCall(kStoreLimit);
  CO_TRY(const pb::Run run, co_await parts_.runs.Get(call, run_.session, run_.test_run_id));
  CO_TRY(KeyLoans::Loan loan, co_await parts_.keys.ForRun(call, run_.session, run_.test_run_id));
  CO_TRY(Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, parts_.policy));
  target_ = std::make_shared<RunTarget>(RunTarget{.endpoint = std::move(endpoint),
                                                  .key = std::move(loan.key),
                                                  .model_id = std::move(loan.model_id),
                                                  .session = run_.session,
                                                  .capabilities = std::move(loan.capabilities),
                                                  .parameters = run.parameters(),
                                                  .forget_key_after_run = loan.forget_key_after_run});
  if (run.parameters().has_max_failures()) failures_left_ = run.parameters().max_failures() - run.failed_prompts();
  pacer_ = std::make_unique<Pacer>(run.parameters().requests_per_minute(), std::max(1, run.parameters().concurrency()));
  co_return absl::OkStatus();
}

asio::awaitable<bool> RunWorker::Step(int wanted) {
  const size_t count = std::min(finished_.size(), batch_);
  std::vector<FinishedPrompt> batch(finished_.begin(), finished_.begin() + count);
  const int concurrency = target_->parameters.concurrency();
  auto step = co_await parts_.work.Advance(DeadlineIn(kStoreLimit), run_, std::move(batch), wanted, concurrency);
  if (!step.ok() && ReasonOf(step.status()) == Reason::kInternal) co_return co_await Isolate(step.status());
  if (!step.ok()) {
    log::Warn("results are kept until the database is back",
              {{"run", run_.test_run_id}, {"results", finished_.size()}, {"status", step.status()}});
    co_await Sleep(kRest);
    co_return !dropped_;
  }
  finished_.erase(finished_.begin(), finished_.begin() + count);
  if (step->gone) co_return false;
  Publish(*step);
  if (HasEnded(step->run)) {
    co_await ForgetKey();
    co_return false;
  }
  if (wanted > 0) more_ = static_cast<int>(step->leased.size()) == wanted;
  for (LeasedPrompt& prompt : step->leased) Launch(std::move(prompt));
  if (out_of_credit_) {
    co_await Fail("The endpoint says that the account is out of credit. Add credit, or use another key.",
                  call::ERROR_TYPE_RATE_LIMIT);
    co_return false;
  }
  const pb::RunParameters& parameters = target_->parameters;
  if (parameters.has_max_failures() && finished_.empty()) {
    failures_left_ = parameters.max_failures() - step->run.failed_prompts();
  }
  if (parameters.has_max_failures() && step->run.failed_prompts() >= parameters.max_failures()) {
    co_await Fail("As many prompts failed as the run allows (max_failures).", call::ERROR_TYPE_API_ERROR);
    co_return false;
  }
  co_return true;
}

asio::awaitable<bool> RunWorker::Isolate(absl::Status fault) {
  log::Error("a step of a run failed", {{"run", run_.test_run_id}, {"results", finished_.size()}, {"status", fault}});
  if (!finished_.empty() && batch_ > 1) {
    batch_ = 1;
    co_return true;
  }
  if (!finished_.empty() && finished_.front().result.outcome() != call::OUTCOME_BAD_FORMAT) {
    pb::Result& result = finished_.front().result;
    result.clear_response();
    result.clear_checks();
    result.clear_finish_reason();
    result.set_success(false);
    result.set_outcome(call::OUTCOME_BAD_FORMAT);
    result.set_error("The answer came, but it could not be stored.");
    result.set_error_type(call::ERROR_TYPE_UNKNOWN);
    co_return true;
  }
  co_await Fail("The run could not go on because of a fault on our side.", call::ERROR_TYPE_UNKNOWN);
  co_return false;
}

void RunWorker::Publish(const WorkStore::Step& step) {
  for (const LeasedPrompt& prompt : step.leased) {
    pb::WatchRunResponse event;
    event.mutable_started()->set_prompt_id(prompt.prompt_id);
    parts_.feed.Publish(run_.test_run_id, std::move(event));
  }
  for (const pb::Result& result : step.stored) {
    pb::WatchRunResponse event;
    event.set_sequence(result.sequence());
    *event.mutable_result() = result;
    parts_.feed.Publish(run_.test_run_id, std::move(event));
  }
  if (step.stored.empty() && step.leased.empty()) return;
  pb::WatchRunResponse event;
  *event.mutable_progress() = step.run;
  parts_.feed.Publish(run_.test_run_id, std::move(event));
  parts_.notifier.Notify("ftl_run", run_.test_run_id);
}

void RunWorker::Launch(LeasedPrompt prompt) {
  pacer_->Started(absl::Now());
  calls_.emplace_back();
  const auto place = std::prev(calls_.end());
  place->prompt_id = prompt.prompt_id;
  auto throttled = std::make_shared<bool>(false);
  auto done = [self = shared_from_this(), place, throttled](std::exception_ptr failure,
                                                            absl::StatusOr<FinishedPrompt> finished) {
    self->calls_.erase(place);
    self->pacer_->Ended(*throttled);
    if (failure) {
      log::Error("a prompt ended by an exception", {{"run", self->run_.test_run_id}});
    } else if (finished.ok() && !self->dropped_) {
      self->out_of_credit_ |= finished->result.outcome() == call::OUTCOME_QUOTA;
      if (!finished->result.success()) --self->failures_left_;
      self->finished_.push_back(*std::move(finished));
    }
    self->wake_.cancel();
  };
  asio::co_spawn(
      parts_.executor,
      RunPrompt(parts_.caller, target_, std::move(prompt), dispatcher_.random_, [throttled] { *throttled = true; }),
      asio::bind_cancellation_slot(place->cancel.slot(), std::move(done)));
}

asio::awaitable<void> RunWorker::Sleep(absl::Duration limit) {
  wake_.expires_at(DeadlineIn(limit));
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> RunWorker::Fail(std::string error, call::ErrorType type) {
  RunStore::Ending ending{.status = pb::RUN_STATUS_FAILED, .error = std::move(error), .error_type = type};
  const auto run = co_await parts_.runs.End(OwnCall(kStoreLimit), run_.session, run_.test_run_id, std::move(ending));
  if (!run.ok()) log::Warn("a run's failure was not stored", {{"run", run_.test_run_id}, {"status", run.status()}});
  parts_.feed.Touch(run_.test_run_id);
  parts_.notifier.Notify("ftl_run", run_.test_run_id);
  co_await ForgetKey();
}

asio::awaitable<void> RunWorker::ForgetKey() {
  if (!target_ || !target_->forget_key_after_run) co_return;
  const absl::Status forgotten = co_await parts_.keys.ForgetKey(OwnCall(kStoreLimit), run_.session);
  if (!forgotten.ok())
    log::Error("a key was not forgotten after its run", {{"run", run_.test_run_id}, {"status", forgotten}});
}

void RunWorker::Wake() {
  more_ = true;
  wake_.cancel();
}

void RunWorker::Drop() {
  dropped_ = true;
  wake_.cancel();
}

void RunWorker::Drain() {
  draining_ = true;
  wake_.cancel();
}

void RunWorker::KeepOnly(const std::set<int32_t>& prompt_ids) {
  for (Call& call : calls_) {
    const bool held = prompt_ids.contains(call.prompt_id);
    if (call.renewable && !held) call.cancel.emit(asio::cancellation_type::terminal);
    call.renewable = held;
  }
}

}  // namespace ftl::batch_runner
