#include "services/session-vault/session/sweep.h"

#include <optional>
#include <vector>

#include "common/error/try.h"
#include "common/observe/log.h"

namespace ftl::vault {
namespace {

constexpr int32_t kSessionsAtATime = 500;
constexpr absl::Duration kLongestDelete = absl::Seconds(60);

}  // namespace

Task<Sweep::Response> Sweep::Run(Deadline deadline, IfBusy if_busy) {
  // Every replica asks, also one that finds another at work: each says itself whether its clock is wrong.
  CO_TRY(co_await clock_.Ask(deadline));
  // Held by a connection of its own, so that a process that dies lets go of it.
  auto work = [&](Transaction& lock) -> Task<Response> {
    Response counts;
    if (if_busy == IfBusy::kWait) {
      CO_TRY(co_await store_.LockSweep(lock));
    } else {
      CO_TRY(const bool locked, co_await store_.TryLockSweep(lock));
      if (!locked) co_return counts;
    }
    CO_TRY(co_await DeleteDue(deadline, counts));
    CO_TRY(co_await ForgetDueKeys(deadline));
    CO_TRY(co_await store_.ForgetOld(deadline));
    const std::optional<absl::Time> now = clock_.Now();
    const absl::Status keys = now ? co_await retirement_.RetireAll(deadline, *now) : absl::OkStatus();
    if (!keys.ok()) log::Warn("some epoch keys live on until the next sweep", {{"status", keys}});
    co_return counts;
  };
  co_return co_await database_.Transact(deadline, SessionScope::None(), work);
}

Task<> Sweep::DeleteDue(Deadline deadline, Response& counts) {
  std::string last;
  while (true) {
    CO_TRY(const std::vector<DueSession> due, co_await store_.ListDue(deadline, last, kSessionsAtATime));
    if (due.empty()) co_return absl::OkStatus();
    for (const DueSession& session : due) {
      const Deadline each = std::min(deadline, DeadlineIn(kLongestDelete));
      const absl::StatusOr<std::optional<ClosedSession>> closed =
          co_await cleanup_.Close(each, session.hash, session.reason);
      if (!closed.ok()) {
        log::Error("a session could not be deleted", {{"demo_session_id", session.hash}, {"status", closed.status()}});
        counts.set_failed(counts.failed() + 1);
      } else if (*closed) {
        counts.set_sessions(counts.sessions() + 1);
        counts.set_configs(counts.configs() + 1);
        counts.set_runs(counts.runs() + (*closed)->test_runs);
        counts.set_results(counts.results() + (*closed)->results);
      }
    }
    last = due.back().hash;
  }
}

Task<> Sweep::ForgetDueKeys(Deadline deadline) {
  CO_TRY(const std::vector<std::string> due, co_await sessions_.KeysToForget(deadline));
  for (const std::string& hash : due) {
    const auto forgotten = co_await sessions_.ForgetKey(std::min(deadline, DeadlineIn(kLongestDelete)), hash);
    if (!forgotten.ok()) {
      log::Error("a key could not be forgotten", {{"demo_session_id", hash}, {"status", forgotten.status()}});
    }
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::vault
