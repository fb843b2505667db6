#include "services/batch-runner/run/run_worker.h"

#include <algorithm>
#include <utility>

#include <absl/time/clock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/observe/trace/span.h"
#include "common/time/proto_time.h"
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
// Slots from which on a second process is asked to help a busy one.
constexpr int kShareable = 16;

Deadline Now() { return std::chrono::steady_clock::now(); }

absl::Duration Since(std::chrono::steady_clock::time_point then) { return absl::FromChrono(Now() - then); }

}  // namespace

RunWorker::RunWorker(Dispatcher& dispatcher, RunKey run, std::optional<BegunRun> begun)
    : dispatcher_(dispatcher),
      parts_(dispatcher.parts()),
      run_(std::move(run)),
      news_(dispatcher, run_.test_run_id),
      ending_(dispatcher, run_),
      key_(parts_, run_, [this] { wake_.cancel(); }),
      calls_(
          dispatcher, run_,
          {.ended = [this](LeasedPrompt prompt,
                           absl::StatusOr<Attempted> attempted) { EndCall(std::move(prompt), std::move(attempted)); },
           .throttled =
               [this](absl::Time began, absl::Time now) {
                 pacer_.Throttled(began, now);
                 wake_.cancel();
               },
           .lowered = [this] { wake_.cancel(); }}),
      wake_(parts_.executor) {
  if (!begun) return;
  parameters_ = std::move(begun->parameters);
  calls_.BelongTo(trace::ParseTraceparent(begun->traceparent));
}

asio::awaitable<void> RunWorker::Work() {
  // One that found the run needs a key only where it has a seat.
  const bool is_first = parameters_.has_value();
  if (!is_first && trace::IsRecording()) co_await LearnTrace();
  if (!co_await LearnParameters()) co_return;
  pacer_ = Pacer(std::max(1, parameters_->concurrency()));
  if (first_) BeginWith(*std::exchange(first_, std::nullopt));
  while (!dropped_ && !seat_.is_taken() && key_.obstacle().ok()) {
    StartReady();
    if (HasLowered()) co_await TellLowered();
    if (HasWork()) {
      if (!co_await Step()) break;
      if (seat_.fence() != 0) StartBorrowing();
      continue;
    }
    if (calls_.empty() && GivesUp()) {
      RunFailure failure = out_of_credit_ ? OutOfCredit() : TooManyFailures();
      co_await ending_.Fail(std::move(failure), target());
      break;
    }
    if (IsPaused() && !draining_) {
      if (!co_await WaitAtDoor()) break;
      continue;
    }
    if (calls_.empty() && (draining_ || (!seat_.has_more() && slots_.has_none_to_call()))) break;
    co_await Sleep(TimeLeft(NextLook()));
  }
  leaving_ = true;
  woken_ = false;
  if (key_.is_refused() && !dropped_) {
    RunFailure failure = KeyRefused(key_.obstacle());
    co_await ending_.Fail(std::move(failure), target());
  }
  if (dropped_) co_await ending_.ForgetKeyOfEndedRun(target());
  co_await EndCalls();
  co_await Leave();
}

asio::awaitable<bool> RunWorker::LearnParameters() {
  Deadline began = Now();
  int failed = 0;
  while (!parameters_) {
    const auto run = co_await parts_.runs.Get(OwnCall(kStoreLimit), run_.session, run_.test_run_id);
    if (run.ok()) {
      parameters_ = run->parameters();
      failed = run->failed_prompts();
      if (run->has_started_at()) began -= absl::ToChronoNanoseconds(absl::Now() - FromProto(run->started_at()));
      break;
    }
    log::Warn("run cannot go on", {{"run", run_.test_run_id}, {"status", run.status()}});
    if (dropped_ || draining_ || IsGone(run.status())) co_return false;
    co_await Sleep(kRest);
  }
  pause_ = Pause(began);
  if (parameters_->has_max_failures()) failures_left_ = parameters_->max_failures() - failed;
  co_return true;
}

asio::awaitable<void> RunWorker::LearnTrace() {
  const auto known = co_await parts_.runs.Traceparent(DeadlineIn(kStoreLimit), run_.session, run_.test_run_id);
  if (known.ok()) calls_.BelongTo(trace::ParseTraceparent(*known));
}

void RunWorker::StartBorrowing() { key_.Start(*parameters_, shared_from_this()); }

bool RunWorker::HasLowered() const {
  if (!target() || !target()->capabilities.has_max_tokens()) return false;
  const int lowered = target()->capabilities.max_tokens();
  const bool is_told = parameters_->has_lowered_max_tokens() && parameters_->lowered_max_tokens() <= lowered;
  return lowered < parameters_->max_tokens() && !is_told;
}

asio::awaitable<void> RunWorker::TellLowered() {
  const int lowered = target()->capabilities.max_tokens();
  auto run = co_await parts_.runs.LowerTokens(OwnCall(kStoreLimit), run_.session, run_.test_run_id, lowered);
  if (!run.ok()) {
    log::Warn("a lowered limit was not stored", {{"run", run_.test_run_id}, {"status", run.status()}});
    co_return;
  }
  parameters_->set_lowered_max_tokens(lowered);
  news_.Stands(*std::move(run));
}

bool RunWorker::IsPaused() const {
  return target() && TimeLeft(dispatcher_.doors().ClosedUntil(target()->pace_key)) > absl::ZeroDuration();
}

bool RunWorker::MayClaim() const { return TakesOn() && seat_.MayClaim(Now()); }

bool RunWorker::WantsSlots() const {
  return TakesOn() && seat_.WantsSlots(pacer_.slots(), slots_.claimed() > 0, Now());
}

bool RunWorker::IsShort() const {
  return MayClaim() && static_cast<int>(slots_.held() + slots_.claimed()) < pacer_.slots();
}

bool RunWorker::IsLow() const {
  const bool claims_ahead = parameters_->requests_per_minute() == 0 && quiet_from_ <= Now();
  return IsShort() || (MayClaim() && claims_ahead && static_cast<int>(slots_.claimed()) < pacer_.slots());
}

bool RunWorker::HasWork() const {
  if (slots_.has_finished() || MustStandUp()) return true;
  const bool looks = seat_.looks() || pacer_.news().throttled;
  const bool intends = slots_.has_uncommitted() || (slots_.Room(pacer_.slots()) > 0 && slots_.claimed() > 0);
  return TakesOn() && (looks || WantsSlots() || IsLow() || intends);
}

Deadline RunWorker::NextLook() const {
  Deadline next = DeadlineIn(kLook);
  if (!TakesOn()) return next;
  if (quiet_from_ > Now()) next = std::min(next, quiet_from_);
  return std::min(next, seat_.NextQuestion(Now()));
}

bool RunWorker::MayCallNow() const { return target() && TakesOn() && seat_.IsHeld(Now()); }

bool RunWorker::TakeCall() {
  in_line_ = !dispatcher_.TakeCall(run_.test_run_id);
  return !in_line_;
}

void RunWorker::LeaveLine() {
  if (std::exchange(in_line_, false)) dispatcher_.LeaveLine(run_.test_run_id);
}

void RunWorker::StartReady() {
  while (MayCallNow() && slots_.MayStart(pacer_.slots())) {
    if (!TakeCall()) return;
    Launch(slots_.Start());
  }
  LeaveLine();
}

void RunWorker::StartAhead(const std::vector<int32_t>& intents) {
  for (const int32_t prompt_id : intents) {
    if (!MayCallNow()) return;
    if (!slots_.MayStartAhead(prompt_id)) continue;
    if (!TakeCall()) return;
    Launch(slots_.StartAhead(prompt_id));
  }
}

void RunWorker::Launch(LeasedPrompt prompt) {
  run_metrics::WaitedForCall(Since(prompt.claimed_at));
  news_.Called(prompt.prompt_id);
  calls_.Begin(std::move(prompt), key_.target(), *parameters_, shared_from_this());
}

void RunWorker::EndCall(LeasedPrompt prompt, absl::StatusOr<Attempted> attempted) {
  slots_.EndCall(prompt.prompt_id);
  dispatcher_.EndCall();
  quiet_from_ = DeadlineIn(kQuiet);
  if (attempted.ok() && attempted->finished && !dropped_) TakeFinished(*std::move(attempted->finished));
  if (attempted.ok() && !attempted->finished) {
    slots_.Refused(prompt.prompt_id);
    dispatcher_.CloseDoor(target()->pace_key, attempted->asked_to_wait);
    // It is called when the door opens; where the lease is another's by now, so is the prompt.
    if (!dropped_ && prompt.fence == seat_.fence()) slots_.CallLater(std::move(prompt));
  }
  wake_.cancel();
}

void RunWorker::TakeFinished(FinishedPrompt finished) {
  const pb::Result& result = finished.result;
  out_of_credit_ |= result.outcome() == call::OUTCOME_QUOTA;
  if (result.http_status() != 0 && result.outcome() != call::OUTCOME_THROTTLED) {
    dispatcher_.DoorAnswered(target()->pace_key);
  }
  if (result.success()) {
    pacer_.AnsweredWell();
  } else {
    --failures_left_;
  }
  slots_.Finish(std::move(finished));
}

asio::awaitable<void> RunWorker::EndCalls() {
  slots_.DropReady();
  LeaveLine();
  key_.Stop();
  calls_.BreakOff();
  while (!calls_.empty() || key_.is_under_way()) co_await Sleep(kLook);
}

void RunWorker::BeginWith(FirstLease lease) {
  (void)seat_.TakeLook(/*may_look=*/false);  // nobody else has been there
  TakeLeased(lease.step, /*leaves=*/false, /*was_low=*/true);
  seat_.StepStored(lease.step, lease.until);
  news_.Stored(lease.step);
}

asio::awaitable<bool> RunWorker::Step() {
  if (MustStandUp()) slots_.DropReady();
  WorkStore::Request request = TakeRequest();
  const bool is_low = IsLow();
  const Deadline lease_until = DeadlineIn(WorkStore::kLeaseTime);
  StartAhead(request.calls);
  auto step = co_await parts_.work.Advance(DeadlineIn(kStoreLimit), run_, request);
  if (!step.ok()) co_return co_await StepFailed(std::move(request), step.status());
  rest_ = absl::ZeroDuration();
  ended_ = step->gone || HasEnded(step->status);
  if (step->gone) co_return false;
  CountStored(request, *step);
  pacer_.Heard(request.pace);
  TakeCalls(*step, request.calls.size());
  if (request.wants_more) TakeLeased(*step, request.leaves, is_low);
  seat_.StepStored(*step, lease_until);
  if (parameters_->has_max_failures() && !slots_.has_finished()) {
    failures_left_ = parameters_->max_failures() - step->failed_prompts;
  }
  news_.Stored(*step);
  if (step->incomplete && !ended_) {
    RunFailure failure = PartLost();
    co_await ending_.Fail(std::move(failure), target());
    co_return false;
  }
  if (!ended_) co_return true;
  co_await ending_.ForgetKey(target());
  co_return false;
}

WorkStore::Request RunWorker::TakeRequest() {
  WorkStore::Request request{.fence = seat_.fence(),
                             .take_over = seat_.TakeLook(dispatcher_.MayTakeOver()),
                             .concurrency = parameters_->concurrency(),
                             .per_minute = parameters_->requests_per_minute(),
                             .pace = pacer_.news()};
  request.finished = slots_.TakeFinished(batch_bytes_);
  request.calls = slots_.NextIntents(TakesOn() ? slots_.Room(pacer_.slots()) : 0);
  request.held = slots_.Held();
  const bool in_a_hurry = !request.finished.empty() || !request.calls.empty();
  const bool paces = request.pace.throttled || request.pace.good > 0;
  request.leaves = MustStandUp();
  request.busy = dispatcher_.IsBusy();
  request.wants_more =
      request.leaves ||
      (TakesOn() && (request.take_over || paces || WantsSlots() || (in_a_hurry ? IsShort() : IsLow())));
  request.wants_run = news_.WantsRun();
  return request;
}

asio::awaitable<bool> RunWorker::StepFailed(WorkStore::Request request, absl::Status fault) {
  slots_.PutBack(std::move(request.finished));
  seat_.StepFailed(request.take_over, request.wants_more);
  if (IsDataFault(fault)) co_return co_await Isolate(std::move(fault));
  dispatcher_.DatabaseWasAway();
  log::Warn("results are kept until the database is back",
            {{"run", run_.test_run_id}, {"results", slots_.finished().size()}, {"status", fault}});
  rest_ = std::clamp(2 * rest_, kRest, kLongestRest);
  co_await Rest();
  co_return !dropped_;
}

asio::awaitable<bool> RunWorker::Isolate(absl::Status fault) {
  std::vector<FinishedPrompt>& finished = slots_.finished();
  log::Error("a step of a run failed", {{"run", run_.test_run_id}, {"results", finished.size()}, {"status", fault}});
  if (!finished.empty() && std::exchange(batch_bytes_, 1) > 1) co_return true;
  if (!finished.empty() && MakeStorable(finished.front().result)) co_return true;
  RunFailure failure = OurFault();
  co_await ending_.Fail(std::move(failure), target());
  co_return false;
}

void RunWorker::TakeCalls(const WorkStore::Step& step, size_t asked) {
  // A store that knows the lease and not its claims is one that lost its newest commits.
  if ((step.lost || step.calls.size() < asked) && !ended_) return Lost();
  slots_.Commit(step.calls);
}

void RunWorker::TakeLeased(WorkStore::Step& step, bool leaves, bool was_low) {
  const bool was_crowded = seat_.is_crowded();
  if (seat_.Leased(step, was_low, ended_, Now())) LoseWork();
  if (seat_.is_taken()) return;
  pacer_.Granted(step.slots, step.slowed);
  if (!step.slowed) slowed_.reset();
  if (step.slowed && !slowed_) slowed_.emplace(run_metrics::RunsSlowed(provider()));
  // Those who hold its slots hear of it.
  if (seat_.is_crowded() && !was_crowded) dispatcher_.CallForHelp(run_.test_run_id);
  const bool helps = dispatcher_.IsBusy() && step.more && step.slots >= kShareable;
  if (helps && !called_for_help_) dispatcher_.CallForHelp(run_.test_run_id);
  called_for_help_ = helps;
  if (leaves) {
    stood_up_ = true;
    dispatcher_.CallForHelp(run_.test_run_id);
  }
  slots_.GiveBack(step.given_back);
  for (LeasedPrompt& prompt : step.leased) {
    if (prompt.takeovers > 0) run_metrics::TakenOver();
    slots_.Lease(std::move(prompt));
  }
}

void RunWorker::Lost() {
  seat_.Lost();
  LoseWork();
}

void RunWorker::LoseWork() {
  log::Warn("another process has taken a run over", {{"run", run_.test_run_id}});
  run_metrics::LostLease();
  for (const FinishedPrompt& finished : slots_.finished()) failures_left_ += finished.result.success() ? 0 : 1;
  slots_.Forget();
  calls_.BreakOff();
  wake_.cancel();
}

void RunWorker::CountStored(const WorkStore::Request& request, const WorkStore::Step& step) const {
  for (const pb::Result& result : step.stored) run_metrics::Stored(provider(), result.outcome());
  for (const FinishedPrompt& finished : request.finished) run_metrics::WaitedForStore(Since(finished.called_at));
  if (HasEnded(step.status) && !step.stored.empty()) run_metrics::Ended(step.status);
}

call::Provider RunWorker::provider() const { return target() ? target()->provider : call::PROVIDER_UNSPECIFIED; }

asio::awaitable<bool> RunWorker::WaitAtDoor() {
  const Doors& doors = dispatcher_.doors();
  const Deadline opens = doors.ClosedUntil(target()->pace_key);
  const Pause::Step step =
      pause_.Next(opens, doors.WaitingSince(target()->pace_key), !calls_.empty(), seat_.fence() != 0, Now());
  if (step.gives_up) {
    RunFailure failure = WaitedTooLong();
    co_await ending_.Fail(std::move(failure), target());
    co_return false;
  }
  if (step.gives_back) {
    const absl::Status left = co_await parts_.work.Leave(DeadlineIn(kStoreLimit), run_);
    if (left.ok()) {
      seat_.Lost();
      slots_.Forget();
    }
  }
  if (step.tells) run_metrics::Paused(provider());
  if (step.tells && !co_await TellPause(opens)) co_return false;
  if (!dropped_ && !slots_.has_finished() && IsPaused()) co_await Sleep(std::min(TimeLeft(opens), kLook));
  co_return true;
}

asio::awaitable<bool> RunWorker::TellPause(Deadline opens) {
  auto run = co_await parts_.runs.Pause(OwnCall(kStoreLimit), run_.session, run_.test_run_id, TimeLeft(opens));
  if (IsGone(run.status())) co_return false;
  if (!run.ok()) co_return true;
  if (HasEnded(run->status())) co_return false;
  pause_.Told(opens);
  news_.Stands(*std::move(run));
  co_return true;
}

asio::awaitable<void> RunWorker::Leave() {
  if (!seat_.may_be_known()) co_return;
  const absl::Status left = co_await parts_.work.Leave(DeadlineIn(kStoreLimit), run_);
  if (!left.ok()) log::Warn("a run's slots end with their lease", {{"run", run_.test_run_id}, {"status", left}});
  if (left.ok() && seat_.has_leased() && !ended_ && !dropped_) dispatcher_.CallForHelp(run_.test_run_id);
}

asio::awaitable<void> RunWorker::Sleep(absl::Duration limit) {
  wake_.expires_at(DeadlineIn(limit));
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> RunWorker::Rest() {
  const Deadline end = DeadlineIn(rest_);
  while (!dropped_ && TimeLeft(end) > absl::ZeroDuration()) co_await Sleep(TimeLeft(end));
}

void RunWorker::Wake() {
  woken_ = true;
  seat_.Wake();
  wake_.cancel();
}

void RunWorker::Drop() {
  dropped_ = true;
  wake_.cancel();
}

void RunWorker::LetGo() {
  dropped_ = true;
  key_.Stop();
}

void RunWorker::Drain() {
  draining_ = true;
  wake_.cancel();
}

void RunWorker::Renewed(Deadline until) {
  seat_.Renewed(until);
  wake_.cancel();
}

absl::Duration RunWorker::LeaseAge() const {
  if (seat_.fence() == 0) return absl::ZeroDuration();
  return WorkStore::kLeaseTime - absl::FromChrono(seat_.lease_until() - Now());
}

}  // namespace ftl::batch_runner
