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
#include "common/time/proto_time.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/store/run_row.h"

namespace ftl::batch_runner {
namespace {

namespace call = finetunelab::endpoint::v1;

constexpr absl::Duration kStoreLimit = absl::Seconds(10);
// How long a worker rests while the database is away: at first, and at the most.
constexpr absl::Duration kRest = absl::Milliseconds(500);
constexpr absl::Duration kLongestRest = absl::Seconds(5);
// How long it sleeps at the most where nothing wakes it.
constexpr absl::Duration kLook = absl::Seconds(1);
// While calls end more often than this, it claims ahead only when it must.
constexpr absl::Duration kQuiet = absl::Milliseconds(5);
// How long it waits for others to give slots back: at first, and at the most.
constexpr absl::Duration kNoSlots = absl::Milliseconds(250);
constexpr absl::Duration kLongestNoSlots = absl::Seconds(1);
// For a shorter pause nothing is given back, nor told.
constexpr absl::Duration kShortPause = absl::Seconds(1);
// Slots from which on a second process is asked to help a busy one.
constexpr int kShareable = 16;
// How often those who watch are told where the run stands.
constexpr absl::Duration kProgressSpacing = absl::Milliseconds(250);

bool IsRefusal(const absl::Status& status) {
  return ReasonOf(status) == Reason::kKeyForgotten || ReasonOf(status) == Reason::kEndpointNotAllowed;
}

absl::Duration Since(std::chrono::steady_clock::time_point then) {
  return absl::FromChrono(std::chrono::steady_clock::now() - then);
}

bool IsGone(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kSessionNotFound || reason == Reason::kSessionExpired || reason == Reason::kRunNotFound;
}

}  // namespace

RunWorker::RunWorker(Dispatcher& dispatcher, RunKey run, std::optional<pb::RunParameters> parameters)
    : dispatcher_(dispatcher),
      parts_(dispatcher.parts_),
      run_(std::move(run)),
      parameters_(std::move(parameters)),
      wake_(parts_.executor) {}

asio::awaitable<void> RunWorker::Work() {
  // One that found the run needs a key only where it has a seat.
  const bool is_first = parameters_.has_value();
  if (!co_await LearnParameters()) co_return;
  pacer_ = Pacer(std::max(1, parameters_->concurrency()));
  if (is_first) StartBorrowing();
  while (!dropped_ && !unseated_ && obstacle_.ok()) {
    StartReady();
    if (HasLowered()) co_await TellLowered();
    if (HasWork()) {
      if (!co_await Step()) break;
      if (fence_ != 0) StartBorrowing();
      continue;
    }
    if (calls_.empty() && GivesUp()) {
      co_await GiveUp();
      break;
    }
    if (IsPaused() && !draining_) {
      if (!co_await Pause()) break;
      continue;
    }
    if (calls_.empty() && (draining_ || (!more_ && ready_.empty() && claimed_.empty()))) break;
    Deadline next = DeadlineIn(kLook);
    for (const Deadline asks : {std::max(ask_again_, quiet_from_), ask_slots_}) {
      if (TakesOn() && TimeLeft(asks) > absl::ZeroDuration()) next = std::min(next, asks);
    }
    co_await Sleep(TimeLeft(next));
  }
  leaving_ = true;
  woken_ = false;
  if (IsRefusal(obstacle_)) co_await Fail(std::string(obstacle_.message()), call::ERROR_TYPE_AUTH);
  if (dropped_) co_await ForgetKeyOfEndedRun();
  co_await EndCalls();
  co_await Leave();
}

void RunWorker::StartBorrowing() {
  if (std::exchange(asked_for_key_, true)) return;
  borrowing_ = true;
  auto borrowed = [self = shared_from_this()](std::exception_ptr failure) {
    if (failure) self->obstacle_ = absl::UnknownError("exception");
    self->borrowing_ = false;
    self->wake_.cancel();
  };
  asio::co_spawn(parts_.executor, BorrowKey(),
                 asio::bind_cancellation_slot(stop_borrowing_.slot(), std::move(borrowed)));
}

asio::awaitable<void> RunWorker::Leave() {
  if (!may_hold_) co_return;
  const absl::Status left = co_await parts_.work.Leave(DeadlineIn(kStoreLimit), run_);
  if (!left.ok()) log::Warn("a run's slots end with their lease", {{"run", run_.test_run_id}, {"status", left}});
  if (left.ok() && has_leased_ && !ended_ && !dropped_) dispatcher_.CallForHelp(run_.test_run_id);
}

asio::awaitable<void> RunWorker::EndCalls() {
  ready_.clear();
  stop_borrowing_.emit(asio::cancellation_type::terminal);
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
  while (!calls_.empty() || borrowing_) co_await Sleep(kLook);
}

bool RunWorker::IsPaused() const {
  return target_ && TimeLeft(dispatcher_.doors().ClosedUntil(target_->pace_key)) > absl::ZeroDuration();
}

asio::awaitable<bool> RunWorker::Pause() {
  const Deadline until = dispatcher_.doors().ClosedUntil(target_->pace_key);
  const absl::Duration patience =
      PatienceLeft(dispatcher_.doors().WaitingSince(target_->pace_key), began_, std::chrono::steady_clock::now());
  if (calls_.empty() && patience <= absl::ZeroDuration()) {
    co_await Fail("The endpoint has asked to wait for five minutes in a row and answered nothing. Try again later.",
                  call::ERROR_TYPE_RATE_LIMIT);
    co_return false;
  }
  if (TimeLeft(until) > kShortPause && calls_.empty() && fence_ != 0) {
    const absl::Status left = co_await parts_.work.Leave(DeadlineIn(kStoreLimit), run_);
    if (left.ok()) {
      fence_ = 0;
      claimed_.clear();
      ready_.clear();
      more_ = look_ = true;
    }
  }
  if (TimeLeft(until) > kShortPause && TimeLeft(paused_until_) < TimeLeft(until) - kShortPause) {
    auto run = co_await parts_.runs.Pause(OwnCall(kStoreLimit), run_.session, run_.test_run_id, TimeLeft(until));
    if (IsGone(run.status())) co_return false;
    if (run.ok()) {
      if (HasEnded(run->status())) co_return false;
      paused_until_ = until;
      pb::RunEvent event;
      *event.mutable_progress() = *std::move(run);
      parts_.feed.Publish(run_.test_run_id, std::move(event));
      dispatcher_.TellOthers(run_.test_run_id);
    }
  }
  if (!dropped_ && finished_.empty() && IsPaused()) co_await Sleep(std::min(TimeLeft(until), kLook));
  co_return true;
}

bool RunWorker::HasLowered() const {
  if (!target_ || !target_->capabilities.has_max_tokens()) return false;
  const int lowered = target_->capabilities.max_tokens();
  const bool is_told = parameters_->has_lowered_max_tokens() && parameters_->lowered_max_tokens() <= lowered;
  return lowered < parameters_->max_tokens() && !is_told;
}

asio::awaitable<void> RunWorker::TellLowered() {
  const int lowered = target_->capabilities.max_tokens();
  auto run = co_await parts_.runs.LowerTokens(OwnCall(kStoreLimit), run_.session, run_.test_run_id, lowered);
  if (!run.ok()) {
    log::Warn("a lowered limit was not stored", {{"run", run_.test_run_id}, {"status", run.status()}});
    co_return;
  }
  parameters_->set_lowered_max_tokens(lowered);
  pb::RunEvent event;
  *event.mutable_progress() = *std::move(run);
  parts_.feed.Publish(run_.test_run_id, std::move(event));
  dispatcher_.TellOthers(run_.test_run_id);
}

asio::awaitable<bool> RunWorker::LearnParameters() {
  began_ = std::chrono::steady_clock::now();
  int failed = 0;
  while (!parameters_) {
    const auto run = co_await parts_.runs.Get(OwnCall(kStoreLimit), run_.session, run_.test_run_id);
    if (run.ok()) {
      parameters_ = run->parameters();
      failed = run->failed_prompts();
      if (run->has_started_at()) began_ -= absl::ToChronoNanoseconds(absl::Now() - FromProto(run->started_at()));
      break;
    }
    log::Warn("run cannot go on", {{"run", run_.test_run_id}, {"status", run.status()}});
    if (dropped_ || draining_ || IsGone(run.status())) co_return false;
    co_await Sleep(kRest);
  }
  if (parameters_->has_max_failures()) failures_left_ = parameters_->max_failures() - failed;
  co_return true;
}

asio::awaitable<void> RunWorker::BorrowKey() {
  const auto self = shared_from_this();
  while (!dropped_) {
    auto target = co_await BorrowTarget(parts_.keys, parts_.policy, run_, *parameters_);
    if (target.ok()) {
      target_ = *std::move(target);
      co_return;
    }
    log::Warn("run cannot go on", {{"run", run_.test_run_id}, {"status", target.status()}});
    if (IsRefusal(target.status()) || IsGone(target.status())) {
      obstacle_ = target.status();
      co_return;
    }
    asio::steady_timer rest(parts_.executor, DeadlineIn(kRest));
    co_await rest.async_wait(asio::use_awaitable);
  }
}

size_t RunWorker::Room() const {
  const size_t slots = std::max(0, pacer_.slots());
  return TakesOn() && slots > Held() ? slots - Held() : 0;
}

bool RunWorker::MayClaim() const { return TakesOn() && more_ && TimeLeft(ask_again_) <= absl::ZeroDuration(); }

// One that has no slot asks for one, whether or not there is more to claim; one that has fewer than its share, while
// there is anything to call.
bool RunWorker::WantsSlots() const {
  const bool lacks = pacer_.slots() == 0 || (crowded_ && (more_ || !claimed_.empty()));
  return lacks && TakesOn() && TimeLeft(ask_slots_) <= absl::ZeroDuration();
}

bool RunWorker::IsShort() const { return MayClaim() && static_cast<int>(Held() + claimed_.size()) < pacer_.slots(); }

bool RunWorker::IsLow() const {
  const bool claims_ahead = parameters_->requests_per_minute() == 0 && TimeLeft(quiet_from_) <= absl::ZeroDuration();
  return IsShort() || (MayClaim() && claims_ahead && static_cast<int>(claimed_.size()) < pacer_.slots());
}

bool RunWorker::HasWork() const {
  if (!finished_.empty() || MustStandUp()) return true;
  const bool looks = look_ || pacer_.news().throttled;
  return TakesOn() && (looks || WantsSlots() || IsLow() || (Room() > 0 && !claimed_.empty()));
}

void RunWorker::StartReady() {
  if (!target_) return;
  while (!ready_.empty()) {
    const bool is_ours = TimeLeft(lease_until_) > absl::ZeroDuration();
    if (!TakesOn() || !is_ours || static_cast<int>(Held() - ready_.size()) >= pacer_.slots()) return;
    const auto next = ready_.begin();
    Launch(std::move(next->second));
    ready_.erase(next);
  }
}

asio::awaitable<bool> RunWorker::Step() {
  if (MustStandUp()) ready_.clear();
  WorkStore::Request request = TakeRequest();
  const bool is_low = IsLow();
  const Deadline lease_until = DeadlineIn(WorkStore::kLeaseTime);
  auto step = co_await parts_.work.Advance(DeadlineIn(kStoreLimit), run_, request);
  if (!step.ok()) {
    std::vector<FinishedPrompt>& kept = request.finished;
    finished_.insert(finished_.begin(), std::move_iterator(kept.begin()), std::move_iterator(kept.end()));
    look_ |= request.take_over;
    may_hold_ |= request.wants_more;
    if (IsDataFault(step.status())) co_return co_await Isolate(step.status());
    dispatcher_.DatabaseWasAway();
    log::Warn("results are kept until the database is back",
              {{"run", run_.test_run_id}, {"results", finished_.size()}, {"status", step.status()}});
    rest_ = std::clamp(2 * rest_, kRest, kLongestRest);
    co_await Rest();
    co_return !dropped_;
  }
  rest_ = absl::ZeroDuration();
  ended_ = step->gone || HasEnded(step->status);
  if (step->left) may_hold_ = false;
  if (step->gone) co_return false;
  CountStored(request, *step);
  pacer_.Heard(request.pace);
  TakeCalls(*step, request.calls.size());
  if (request.wants_more) TakeLeased(*step, request.leaves, is_low);
  if (step->renewed) lease_until_ = lease_until;
  if (parameters_->has_max_failures() && finished_.empty()) {
    failures_left_ = parameters_->max_failures() - step->failed_prompts;
  }
  Publish(*step);
  if (step->incomplete && !ended_) {
    co_await Fail("A part of the run was lost with the database that kept it.", call::ERROR_TYPE_UNKNOWN);
    co_return false;
  }
  if (!ended_) co_return true;
  co_await ForgetKey();
  co_return false;
}

void RunWorker::CountStored(const WorkStore::Request& request, const WorkStore::Step& step) const {
  for (const pb::Result& result : step.stored) run_metrics::Stored(provider(), result.outcome());
  for (const FinishedPrompt& finished : request.finished) run_metrics::WaitedForStore(Since(finished.called_at));
  if (HasEnded(step.status) && !step.stored.empty()) run_metrics::Ended(step.status);
}

call::Provider RunWorker::provider() const { return target_ ? target_->provider : call::PROVIDER_UNSPECIFIED; }

WorkStore::Request RunWorker::TakeRequest() {
  WorkStore::Request request{.fence = fence_,
                             .take_over = std::exchange(look_, false) && dispatcher_.MayTakeOver(),
                             .concurrency = parameters_->concurrency(),
                             .per_minute = parameters_->requests_per_minute(),
                             .pace = pacer_.news()};
  size_t bytes = 0;
  auto end = finished_.begin();
  for (; end != finished_.end() && bytes < batch_bytes_; ++end) bytes += end->result.ByteSizeLong();
  request.finished.assign(std::move_iterator(finished_.begin()), std::move_iterator(end));
  finished_.erase(finished_.begin(), end);
  for (const bool was_refused : {false, true}) {
    for (const auto& [prompt_id, claimed] : claimed_) {
      const bool is_next = refused_.contains(prompt_id) == was_refused;
      if (is_next && request.calls.size() < Room()) request.calls.push_back(prompt_id);
    }
  }
  for (const auto& [prompt_id, claimed] : claimed_) request.held.push_back(prompt_id);
  for (const auto& [prompt_id, ready] : ready_) request.held.push_back(prompt_id);
  for (const Call& call : calls_) request.held.push_back(call.prompt_id);
  for (const FinishedPrompt& finished : finished_) request.held.push_back(finished.result.prompt_id());
  const bool in_a_hurry = !request.finished.empty() || !request.calls.empty();
  const bool paces = request.pace.throttled || request.pace.good > 0;
  request.leaves = MustStandUp();
  request.busy = dispatcher_.IsBusy();
  request.wants_more =
      request.leaves ||
      (TakesOn() && (request.take_over || paces || WantsSlots() || (in_a_hurry ? IsShort() : IsLow())));
  request.wants_run = parts_.feed.IsWatched(run_.test_run_id) && TimeLeft(next_progress_) <= absl::ZeroDuration();
  return request;
}

void RunWorker::TakeCalls(const WorkStore::Step& step, size_t asked) {
  // A store that knows the lease and not its claims is one that lost its newest commits.
  if ((step.lost || step.calls.size() < asked) && !ended_) return Lost();
  for (const int32_t prompt_id : step.calls) {
    if (auto call = claimed_.extract(prompt_id)) ready_.insert(std::move(call));
  }
}

void RunWorker::TakeLeased(WorkStore::Step& step, bool leaves, bool was_low) {
  if (fence_ != 0 && step.fence != fence_) Lost();
  fence_ = step.fence;
  unseated_ = step.fence == 0 && !ended_;
  if (unseated_) return;
  may_hold_ = true;
  has_leased_ |= !step.leased.empty();
  TakeSlots(step);
  if (leaves) {
    stood_up_ = true;
    dispatcher_.CallForHelp(run_.test_run_id);
  }
  for (const int32_t prompt_id : step.given_back) claimed_.erase(prompt_id);
  more_ = step.more;
  if (step.slots == 0 || (step.leased.empty() && was_low)) ask_again_ = DeadlineIn(kNoSlots);
  if (step.pause > absl::ZeroDuration()) ask_again_ = DeadlineIn(step.pause);
  for (LeasedPrompt& prompt : step.leased) {
    const int32_t prompt_id = prompt.prompt_id;
    if (prompt.takeovers > 0) run_metrics::TakenOver();
    const bool is_ready = prompt.may_call && !refused_.contains(prompt_id);
    (is_ready ? ready_ : claimed_).insert_or_assign(prompt_id, std::move(prompt));
  }
}

void RunWorker::TakeSlots(const WorkStore::Step& step) {
  pacer_.Granted(step.slots, step.slowed);
  const bool lacked = std::exchange(crowded_, step.crowded);
  // Those who hold its slots hear of it.
  if (crowded_ && !lacked) dispatcher_.CallForHelp(run_.test_run_id);
  const bool lacks = crowded_ || step.slots == 0;
  slots_wait_ = lacks ? std::clamp(2 * slots_wait_, kNoSlots, kLongestNoSlots) : absl::ZeroDuration();
  ask_slots_ = DeadlineIn(slots_wait_);
  const bool helps = dispatcher_.IsBusy() && step.more && step.slots >= kShareable;
  if (helps && !std::exchange(called_for_help_, helps)) dispatcher_.CallForHelp(run_.test_run_id);
  called_for_help_ = helps;
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
  if (!finished_.empty() && batch_bytes_ > 1) {
    batch_bytes_ = 1;
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

void RunWorker::Publish(WorkStore::Step& step) {
  if (!step.stored.empty() || !step.leased.empty()) dispatcher_.TellOthers(run_.test_run_id);
  if (!parts_.feed.IsWatched(run_.test_run_id)) return;
  for (pb::Result& result : step.stored) {
    pb::RunEvent event;
    event.set_sequence(result.sequence());
    *event.mutable_result() = std::move(result);
    parts_.feed.Publish(run_.test_run_id, std::move(event));
  }
  if (step.run) {
    next_progress_ = DeadlineIn(kProgressSpacing);
    pb::RunEvent event;
    *event.mutable_progress() = *std::move(step.run);
    parts_.feed.Publish(run_.test_run_id, std::move(event));
  }
  if (HasEnded(step.status)) parts_.feed.Touch(run_.test_run_id);
}

void RunWorker::Launch(LeasedPrompt prompt) {
  run_metrics::WaitedForCall(Since(prompt.claimed_at));
  pb::RunEvent event;
  event.mutable_started()->set_prompt_id(prompt.prompt_id);
  parts_.feed.Publish(run_.test_run_id, std::move(event));
  calls_.emplace_back();
  const auto place = std::prev(calls_.end());
  place->prompt_id = prompt.prompt_id;
  place->prompt = prompt;
  auto done = [self = shared_from_this(), place](std::exception_ptr failure,
                                                 absl::StatusOr<std::optional<FinishedPrompt>> finished) {
    LeasedPrompt called = std::move(place->prompt);
    self->calls_.erase(place);
    if (failure) {
      log::Error("a prompt ended by an exception", {{"run", self->run_.test_run_id}});
      finished = absl::UnknownError("exception");
    }
    self->Finish(std::move(called), std::move(finished));
  };
  CallRoom room;
  room.throttled = [self = shared_from_this()](absl::Time began) {
    self->pacer_.Throttled(began, absl::Now());
    self->wake_.cancel();
  };
  room.asked_to_wait = [self = shared_from_this(), prompt_id = prompt.prompt_id](absl::Duration wait) {
    self->refused_.insert(prompt_id);
    self->dispatcher_.CloseDoor(self->target_->pace_key, wait);
  };
  room.lowered = [self = shared_from_this()] { self->wake_.cancel(); };
  if (parameters_->requests_per_minute() > 0) room.turn = [self = shared_from_this()] { return self->TakeTurn(); };
  asio::co_spawn(parts_.executor,
                 RunPrompt(parts_.caller, target_, std::move(prompt), dispatcher_.random_, std::move(room)),
                 asio::bind_cancellation_slot(place->cancel.slot(), std::move(done)));
}

Task<> RunWorker::TakeTurn() {
  asio::steady_timer pause(parts_.executor);
  while (true) {
    const auto wait = co_await parts_.work.DrawCall(DeadlineIn(kStoreLimit), run_, parameters_->requests_per_minute());
    if (absl::IsCancelled(wait.status())) co_return wait.status();
    if (!wait.ok()) log::Warn("a request waits to be counted", {{"run", run_.test_run_id}, {"status", wait.status()}});
    pause.expires_at(DeadlineIn(wait.ok() ? *wait : kLongestRest));
    const auto [cancelled] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) co_return Refuse(Reason::kCancelled, "The run was stopped.");
    if (wait.ok()) co_return absl::OkStatus();
  }
}

void RunWorker::Finish(LeasedPrompt prompt, absl::StatusOr<std::optional<FinishedPrompt>> finished) {
  quiet_from_ = DeadlineIn(kQuiet);
  if (finished.ok() && !dropped_) {
    if (*finished) {
      TakeFinished(**std::move(finished));
    } else if (prompt.fence == fence_) {
      // It is called when the door opens; where the lease is another's by now, so is the prompt.
      const int32_t prompt_id = prompt.prompt_id;
      claimed_.insert_or_assign(prompt_id, std::move(prompt));
    }
  }
  wake_.cancel();
}

void RunWorker::TakeFinished(FinishedPrompt finished) {
  const pb::Result& result = finished.result;
  out_of_credit_ |= result.outcome() == call::OUTCOME_QUOTA;
  if (result.http_status() != 0 && result.outcome() != call::OUTCOME_THROTTLED) {
    dispatcher_.DoorAnswered(target_->pace_key);
  }
  if (result.success()) {
    pacer_.AnsweredWell();
  } else {
    --failures_left_;
  }
  finished_.push_back(std::move(finished));
}

asio::awaitable<void> RunWorker::Sleep(absl::Duration limit) {
  wake_.expires_at(DeadlineIn(limit));
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> RunWorker::Rest() {
  const Deadline end = DeadlineIn(rest_);
  while (!dropped_ && TimeLeft(end) > absl::ZeroDuration()) co_await Sleep(TimeLeft(end));
}

asio::awaitable<void> RunWorker::Fail(std::string error, call::ErrorType type) {
  RunStore::Ending ending{.status = pb::RUN_STATUS_FAILED, .error = std::move(error), .error_type = type};
  const auto run = co_await parts_.runs.End(OwnCall(kStoreLimit), run_.session, run_.test_run_id, std::move(ending));
  if (!run.ok()) {
    log::Warn("a run's failure was not stored", {{"run", run_.test_run_id}, {"status", run.status()}});
    co_return;
  }
  parts_.feed.Touch(run_.test_run_id);
  dispatcher_.TellOthers(run_.test_run_id);
  co_await ForgetKey();
}

asio::awaitable<void> RunWorker::ForgetKey() {
  if (target_ && target_->forget_key_after_run) (void)co_await dispatcher_.ForgetKey(run_);
}

asio::awaitable<void> RunWorker::ForgetKeyOfEndedRun() {
  if (!target_ || !target_->forget_key_after_run) co_return;
  const auto run = co_await parts_.runs.Get(OwnCall(kStoreLimit), run_.session, run_.test_run_id);
  if (run.ok() && HasEnded(run->status())) co_await ForgetKey();
}

void RunWorker::Wake() {
  more_ = true;
  look_ = true;
  woken_ = true;
  ask_again_ = Deadline();
  ask_slots_ = Deadline();
  slots_wait_ = absl::ZeroDuration();
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
  run_metrics::LostLease();
  fence_ = 0;
  claimed_.clear();
  ready_.clear();
  for (const FinishedPrompt& finished : finished_) failures_left_ += finished.result.success() ? 0 : 1;
  finished_.clear();
  more_ = true;
  look_ = true;
  for (Call& call : calls_) call.cancel.emit(asio::cancellation_type::terminal);
  wake_.cancel();
}

}  // namespace ftl::batch_runner
