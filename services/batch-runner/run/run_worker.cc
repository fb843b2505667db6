#include "services/batch-runner/run/run_worker.h"

#include <algorithm>

#include <absl/time/clock.h>

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
// Calls that began as close together as this are likely to end so, and are stored together.
constexpr std::chrono::microseconds kTogether(1000);
// How long it sleeps at the most where nothing wakes it.
constexpr absl::Duration kLook = absl::Seconds(1);
// How long it waits for others to give slots back.
constexpr absl::Duration kNoSlots = absl::Milliseconds(250);

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
    StartReady();
    if (!finished_.empty() || WantsMore(Held())) {
      co_await AwaitCompanions();
      if (!co_await Step()) break;
      continue;
    }
    if (calls_.empty() && GivesUp()) {
      co_await GiveUp();
      break;
    }
    if (calls_.empty() && (draining_ || (!more_ && ready_.empty()))) break;
    const absl::Duration until_asking = TimeLeft(ask_again_);
    const bool waits_to_ask = more_ && until_asking > absl::ZeroDuration();
    co_await Sleep(waits_to_ask ? std::min(until_asking, kLook) : kLook);
  }
  ready_.clear();
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
  while (!calls_.empty()) co_await Sleep(kLook);
  const absl::Status left = co_await parts_.work.Leave(DeadlineIn(kStoreLimit), run_);
  if (!left.ok()) log::Warn("a run's slots end with their lease", {{"run", run_.test_run_id}, {"status", left}});
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
  pacer_ = Pacer(std::max(1, run.parameters().concurrency()));
  co_return absl::OkStatus();
}

asio::awaitable<void> RunWorker::AwaitCompanions() {
  const auto is_companion = [this](const Call& call) {
    return call.began - last_began_ < kTogether && last_began_ - call.began < kTogether;
  };
  const Deadline until = std::chrono::steady_clock::now() + kTogether;
  while (!dropped_ && TimeLeft(until) > absl::ZeroDuration() && std::ranges::any_of(calls_, is_companion)) {
    co_await Sleep(TimeLeft(until));
  }
}

bool RunWorker::WantsMore(size_t held) const {
  if (draining_ || GivesUp()) return false;
  if (look_ || pacer_.news().throttled) return true;
  return more_ && HasRoom(held) && TimeLeft(ask_again_) <= absl::ZeroDuration();
}

// One that has no slot yet asks for one.
bool RunWorker::HasRoom(size_t held) const { return static_cast<int>(held) < std::max(1, pacer_.slots()); }

void RunWorker::StartReady() {
  while (!ready_.empty() && static_cast<int>(Held() - ready_.size()) < pacer_.slots()) {
    if (draining_ || dropped_ || GivesUp() || TimeLeft(lease_until_) <= absl::ZeroDuration()) return;
    const auto next = ready_.begin();
    Launch(std::move(next->second));
    ready_.erase(next);
  }
}

asio::awaitable<bool> RunWorker::Step() {
  const auto end = finished_.begin() + std::min(finished_.size(), batch_);
  storing_.assign(std::move_iterator(finished_.begin()), std::move_iterator(end));
  finished_.erase(finished_.begin(), end);
  WorkStore::Request request = Request();
  const PaceNews told = request.pace;
  const bool wanted_more = request.wants_more;
  const bool looked = std::exchange(look_, false);
  const Deadline lease_until = DeadlineIn(WorkStore::kLeaseTime);
  auto step = co_await parts_.work.Advance(DeadlineIn(kStoreLimit), run_, std::move(request));
  if (!step.ok()) {
    finished_.insert(finished_.begin(), std::move_iterator(storing_.begin()), std::move_iterator(storing_.end()));
    look_ |= looked;
  }
  storing_.clear();
  if (!step.ok() && ReasonOf(step.status()) == Reason::kInternal) co_return co_await Isolate(step.status());
  if (!step.ok()) {
    log::Warn("results are kept until the database is back",
              {{"run", run_.test_run_id}, {"results", finished_.size()}, {"status", step.status()}});
    co_await Sleep(kRest);
    co_return !dropped_;
  }
  if (step->gone) co_return false;
  pacer_.Heard(told);
  if (wanted_more) Take(*step, lease_until);
  Publish(*step);
  if (HasEnded(step->run)) {
    co_await ForgetKey();
    co_return false;
  }
  const pb::RunParameters& parameters = target_->parameters;
  if (parameters.has_max_failures() && finished_.empty()) {
    failures_left_ = parameters.max_failures() - step->run.failed_prompts();
  }
  co_return true;
}

WorkStore::Request RunWorker::Request() const {
  const pb::RunParameters& parameters = target_->parameters;
  WorkStore::Request request{.finished = storing_,
                             .fence = fence_,
                             .held = {},
                             .take_over = look_,
                             .wants_more = WantsMore(Held() - storing_.size()),
                             .concurrency = parameters.concurrency(),
                             .per_minute = parameters.requests_per_minute(),
                             .pace = pacer_.news()};
  for (const auto& [prompt_id, ready] : ready_) request.held.push_back(prompt_id);
  for (const Call& call : calls_) request.held.push_back(call.prompt_id);
  for (const FinishedPrompt& finished : finished_) request.held.push_back(finished.result.prompt_id());
  return request;
}

void RunWorker::Take(WorkStore::Step& step, Deadline lease_until) {
  if (fence_ != 0 && step.fence != fence_) Lost();
  fence_ = step.fence;
  lease_until_ = lease_until;
  pacer_.Granted(step.slots, step.slowed);
  more_ = step.more;
  if (step.leased.empty() && HasRoom(Held())) ask_again_ = DeadlineIn(kNoSlots);
  if (step.pause > absl::ZeroDuration()) ask_again_ = DeadlineIn(step.pause);
  for (LeasedPrompt& prompt : step.leased) {
    const int32_t prompt_id = prompt.prompt_id;
    ready_.insert_or_assign(prompt_id, std::move(prompt));
  }
}

asio::awaitable<void> RunWorker::GiveUp() {
  if (out_of_credit_) {
    co_await Fail("The endpoint says that the account is out of credit. Add credit, or use another key.",
                  call::ERROR_TYPE_RATE_LIMIT);
  } else {
    co_await Fail("As many prompts failed as the run allows (max_failures).", call::ERROR_TYPE_API_ERROR);
  }
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
  dispatcher_.TellOthers(run_.test_run_id);
}

void RunWorker::Launch(LeasedPrompt prompt) {
  pb::WatchRunResponse event;
  event.mutable_started()->set_prompt_id(prompt.prompt_id);
  parts_.feed.Publish(run_.test_run_id, std::move(event));
  calls_.emplace_back();
  const auto place = std::prev(calls_.end());
  place->prompt_id = prompt.prompt_id;
  place->began = std::chrono::steady_clock::now();
  auto done = [self = shared_from_this(), place](std::exception_ptr failure, absl::StatusOr<FinishedPrompt> finished) {
    self->last_began_ = place->began;
    self->calls_.erase(place);
    if (failure) {
      log::Error("a prompt ended by an exception", {{"run", self->run_.test_run_id}});
      finished = absl::UnknownError("exception");
    }
    self->Finish(std::move(finished));
  };
  auto throttled = [self = shared_from_this()](absl::Time began) {
    self->pacer_.Throttled(began, absl::Now());
    self->wake_.cancel();
  };
  asio::co_spawn(parts_.executor,
                 RunPrompt(parts_.caller, target_, std::move(prompt), dispatcher_.random_, std::move(throttled)),
                 asio::bind_cancellation_slot(place->cancel.slot(), std::move(done)));
}

void RunWorker::Finish(absl::StatusOr<FinishedPrompt> finished) {
  if (finished.ok() && !dropped_) {
    out_of_credit_ |= finished->result.outcome() == call::OUTCOME_QUOTA;
    if (finished->result.success()) {
      pacer_.AnsweredWell();
    } else {
      --failures_left_;
    }
    finished_.push_back(*std::move(finished));
  }
  wake_.cancel();
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
  dispatcher_.TellOthers(run_.test_run_id);
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
  look_ = true;
  ask_again_ = Deadline();
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

void RunWorker::Renewed(Deadline until) {
  lease_until_ = std::max(lease_until_, until);
  wake_.cancel();
}

void RunWorker::Lost() {
  log::Warn("another process has taken a run over", {{"run", run_.test_run_id}});
  fence_ = 0;
  ready_.clear();
  finished_.clear();
  storing_.clear();
  more_ = true;
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
  wake_.cancel();
}

}  // namespace ftl::batch_runner
