#include "services/batch-runner/run/dispatcher.h"

#include <time.h>

#include <algorithm>
#include <map>

#include <absl/time/clock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/observe/log.h"
#include "services/batch-runner/run/run_metrics.h"
#include "services/batch-runner/run/run_worker.h"

namespace ftl::batch_runner {
namespace {

// Catches what no wake-up told of: lost notifications, leases that ended with their process.
constexpr absl::Duration kPoll = absl::Seconds(2);
// Longer than from one renewal to the next.
constexpr absl::Duration kGrace = absl::Seconds(8);
// How often a lack is logged.
constexpr absl::Duration kSpacing = absl::Seconds(10);
constexpr absl::Duration kForgetLimit = absl::Seconds(10);
// The share of a thread's time from which on it is called busy, and over how long that is measured at the least.
constexpr double kBusy = 0.7;
constexpr absl::Duration kWeighing = absl::Milliseconds(250);

absl::Duration ThreadTime() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return absl::DurationFromTimespec(spent);
}

}  // namespace

Dispatcher::Dispatcher(Parts parts)
    : parts_(std::move(parts)),
      random_(std::random_device{}()),
      budget_(parts_.calls_at_a_time),
      wake_(parts_.executor),
      renewal_(parts_.executor) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::Start() {
  asio::co_spawn(parts_.executor, FindWork(), asio::detached);
  asio::co_spawn(parts_.executor, KeepLeases(), asio::detached);
}

void Dispatcher::Expect(const RunKey& run, BegunRun begun) {
  auto worker = std::make_shared<RunWorker>(*this, run, std::move(begun));
  expected_[run] = worker;
  worker->StartBorrowing();
}

void Dispatcher::Begin(const RunKey& run, std::optional<FirstLease> lease) {
  if (draining_) return LetGo(run, /*may_be_stored=*/true);
  const std::shared_ptr<RunWorker> worker = std::move(expected_.extract(run).mapped());
  if (lease) worker->Take(*std::move(lease));
  PutToWork(run, worker);
}

void Dispatcher::LetGo(const RunKey& run, bool may_be_stored) {
  expected_.extract(run).mapped()->LetGo();
  if (may_be_stored) asio::co_spawn(parts_.executor, HandOver(run), asio::detached);
}

asio::awaitable<void> Dispatcher::HandOver(RunKey run) {
  const absl::Status left = co_await parts_.work.Leave(DeadlineIn(WorkStore::kRenewal), run);
  if (!left.ok()) log::Warn("a run waits for its lease's end", {{"run", run.test_run_id}, {"status", left}});
  CallForHelp(run.test_run_id);
}

void Dispatcher::Wake() {
  look_again_ = true;
  wake_.cancel();
}

void Dispatcher::WakeFor(const std::string& test_run_id) {
  for (auto& [run, worker] : workers_) {
    if (run.test_run_id == test_run_id) return worker->Wake();
  }
  Wake();
}

void Dispatcher::CallForHelp(const std::string& test_run_id) { Tell(kWorkChannel, test_run_id); }

bool Dispatcher::TakeCall(const std::string& test_run_id) {
  const bool taken = budget_.Take(test_run_id);
  run_metrics::RunsInLine().Set(static_cast<double>(budget_.waiting()));
  return taken;
}

void Dispatcher::LacksRoom() {
  run_metrics::LackedRoom();
  if (TimeLeft(silent_until_) > absl::ZeroDuration()) return;
  silent_until_ = DeadlineIn(kSpacing);
  log::Warn("calls wait: this process is out of file descriptors, look-ups or memory",
            {{"calls", static_cast<int64_t>(budget_.used())}});
}

void Dispatcher::EndCall() { MayCall(budget_.GiveBack()); }

void Dispatcher::LeaveLine(const std::string& test_run_id) { MayCall(budget_.Leave(test_run_id)); }

void Dispatcher::MayCall(const std::optional<std::string>& test_run_id) {
  run_metrics::RunsInLine().Set(static_cast<double>(budget_.waiting()));
  if (!test_run_id) return;
  for (auto& [run, worker] : workers_) {
    if (run.test_run_id == *test_run_id) return worker->MayCall();
  }
  LeaveLine(*test_run_id);
}

bool Dispatcher::IsBusy() {
  const absl::Time now = absl::Now();
  const absl::Duration passed = now - weighed_at_;
  if (passed < kWeighing) return busy_;
  const absl::Duration spent = ThreadTime();
  busy_ = absl::FDivDuration(spent - thread_time_, passed) > kBusy;
  weighed_at_ = now;
  thread_time_ = spent;
  return busy_;
}

void Dispatcher::TellOthers(const std::string& test_run_id) { Tell(kRunChannel, test_run_id); }

void Dispatcher::Tell(std::string_view channel, const std::string& test_run_id) {
  parts_.notifier.Notify(channel, test_run_id + '/' + parts_.process);
}

std::optional<std::string> Dispatcher::HeardOf(std::string_view payload) const {
  const size_t slash = payload.find('/');
  if (slash != std::string_view::npos && payload.substr(slash + 1) == parts_.process) return std::nullopt;
  return std::string(payload.substr(0, slash));
}

void Dispatcher::DatabaseWasAway() { take_over_from_ = DeadlineIn(kGrace); }

void Dispatcher::Drop(const std::string& test_run_id) {
  for (auto& [run, worker] : workers_) {
    if (run.test_run_id == test_run_id) worker->Drop();
  }
}

Task<> Dispatcher::ForgetKey(const RunKey& run) {
  const absl::Status forgotten = co_await parts_.keys.ForgetKey(OwnCall(kForgetLimit), run.session);
  if (!forgotten.ok()) {
    log::Warn("a key lives on until the vault's next sweep", {{"run", run.test_run_id}, {"status", forgotten}});
  }
  co_return absl::OkStatus();
}

void Dispatcher::DropSession(const std::string& session) {
  for (auto& [run, worker] : workers_) {
    if (run.session == session) worker->Drop();
  }
  parts_.caller.DropConnections(session);
}

asio::awaitable<void> Dispatcher::FindWork() {
  while (!draining_) {
    look_again_ = false;
    co_await LearnDoors();
    auto runs = co_await parts_.work.RunsWithWork(DeadlineIn(absl::Seconds(5)));
    if (!runs.ok()) {
      log::Warn("cannot look for work", {{"status", runs.status()}});
      DatabaseWasAway();
    }
    for (const RunKey& run : runs.ok() ? *runs : std::vector<RunKey>()) {
      if (draining_) break;
      Employ(run);
    }
    if (look_again_) continue;
    wake_.expires_at(DeadlineIn(kPoll));
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Dispatcher::LearnDoors() {
  const auto doors = co_await parts_.door_store.List(DeadlineIn(absl::Seconds(5)));
  if (doors.ok()) parts_.doors.Learn(*doors, std::chrono::steady_clock::now());
}

void Dispatcher::CloseDoor(const std::string& pace_key, absl::Duration wait) {
  if (!parts_.doors.Close(pace_key, wait, std::chrono::steady_clock::now())) return;
  asio::co_spawn(parts_.executor, StoreDoor(pace_key), asio::detached);
}

void Dispatcher::DoorAnswered(const std::string& pace_key) {
  if (!parts_.doors.Answered(pace_key, std::chrono::steady_clock::now())) return;
  auto store = [this, pace_key]() -> asio::awaitable<void> {
    const absl::Status stored = co_await parts_.door_store.Answered(DeadlineIn(absl::Seconds(5)), pace_key);
    if (!stored.ok()) log::Warn("an answer after a wait was not stored", {{"status", stored}});
  };
  asio::co_spawn(parts_.executor, store, asio::detached);
}

asio::awaitable<void> Dispatcher::StoreDoor(std::string pace_key) {
  asio::steady_timer pause(parts_.executor);
  while (true) {
    const absl::Duration left = TimeLeft(parts_.doors.ClosedUntil(pace_key));
    if (left <= absl::ZeroDuration()) co_return;
    const absl::Status stored = co_await parts_.door_store.Close(DeadlineIn(absl::Seconds(5)), pace_key, left);
    if (stored.ok()) break;
    log::Warn("other processes do not hear yet that an endpoint asks to wait", {{"status", stored}});
    pause.expires_after(std::chrono::milliseconds(500));
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  Tell(kWorkChannel, "");
}

void Dispatcher::Employ(const RunKey& run) {
  if (const auto known = workers_.find(run); known != workers_.end()) return known->second->Wake();
  PutToWork(run, std::make_shared<RunWorker>(*this, run, std::nullopt));
}

void Dispatcher::PutToWork(const RunKey& run, std::shared_ptr<RunWorker> worker) {
  workers_[run] = worker;
  auto done = [this, run, worker](std::exception_ptr failure) {
    if (failure) log::Error("run worker ended by an exception", {{"run", run.test_run_id}});
    workers_.erase(run);
    if (worker->MissedAWake() && !draining_) Employ(run);
  };
  asio::co_spawn(parts_.executor, worker->Work(), std::move(done));
}

void Dispatcher::TellOldestLease() const {
  absl::Duration oldest;
  for (const auto& [run, worker] : workers_) oldest = std::max(oldest, worker->LeaseAge());
  run_metrics::OldestLease().Set(absl::ToDoubleSeconds(oldest));
}

asio::awaitable<void> Dispatcher::KeepLeases() {
  while (!draining_ || !workers_.empty()) {
    renewal_.expires_at(DeadlineIn(WorkStore::kRenewal));
    co_await renewal_.async_wait(asio::as_tuple(asio::use_awaitable));
    TellOldestLease();
    if (workers_.empty()) continue;
    std::map<RunKey, int64_t> asked;
    for (const auto& [run, worker] : workers_) asked[run] = worker->fence();
    auto kept = co_await parts_.work.Renew(DeadlineIn(WorkStore::kRenewal));
    if (!kept.ok()) {
      log::Warn("leases were not renewed", {{"status", kept.status()}});
      DatabaseWasAway();
      continue;
    }
    for (const auto& [run, lease] : *kept) {
      if (workers_.contains(run) || expected_.contains(run)) continue;
      (void)co_await parts_.work.Leave(DeadlineIn(WorkStore::kRenewal), run);
    }
    for (const auto& [run, worker] : workers_) {
      const int64_t fence = asked[run];
      if (fence == 0 || fence != worker->fence()) continue;
      const auto renewed = kept->find(run);
      if (renewed != kept->end() && renewed->second.fence == fence) {
        worker->Renewed(renewed->second.until);
      } else {
        worker->Lost();
      }
    }
  }
}

Task<> Dispatcher::Drain(Deadline deadline) {
  draining_ = true;
  wake_.cancel();
  renewal_.cancel();
  for (auto& [run, worker] : workers_) worker->Drain();
  while (!workers_.empty() && TimeLeft(deadline) > absl::Seconds(2)) {
    asio::steady_timer pause(parts_.executor, std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  for (auto& [run, worker] : workers_) worker->Drop();
  while (!workers_.empty() && TimeLeft(deadline) > absl::ZeroDuration()) {
    asio::steady_timer pause(parts_.executor, std::chrono::milliseconds(20));
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return co_await parts_.work.LeaveAll(DeadlineIn(absl::Seconds(2)));
}

}  // namespace ftl::batch_runner
