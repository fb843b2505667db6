#include "services/session-vault/session/sweep_clock.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/observe/log.h"
#include "services/session-vault/session/session_metrics.h"

namespace ftl::vault {
namespace {

constexpr absl::Duration kPeriod = absl::Minutes(1);
constexpr absl::Duration kAfterFailure = absl::Seconds(5);
constexpr absl::Duration kShortest = absl::Milliseconds(200);
constexpr absl::Duration kLongestSweep = absl::Minutes(10);

}  // namespace

SweepClock::SweepClock(asio::any_io_executor executor, Sweep& sweep, CleanupStore& store, const EpochKeys& keys,
                       KeyFolder& folder, const DatabaseClock& clock)
    : executor_(executor),
      sweep_(sweep),
      store_(store),
      keys_(keys),
      folder_(folder),
      clock_(clock),
      next_(executor),
      ended_(executor, asio::steady_timer::time_point::max()) {}

void SweepClock::Start() {
  running_ = true;
  auto done = [this](std::exception_ptr, absl::Status) {
    running_ = false;
    ended_.cancel();
  };
  asio::co_spawn(executor_, Run(), asio::bind_cancellation_slot(stop_.slot(), std::move(done)));
}

void SweepClock::WakeIn(absl::Duration wait) {
  const Deadline then = DeadlineIn(std::max(wait, kShortest));
  if (then < next_.expiry()) {
    // The pause under way is cut short and looks at what is due anew.
    next_.cancel();
  }
}

Task<> SweepClock::Stop() {
  stopping_ = true;
  next_.cancel();
  stop_.emit(asio::cancellation_type::terminal);
  while (running_) co_await ended_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return absl::OkStatus();
}

Task<> SweepClock::Run() {
  while (!stopping_) {
    const absl::Status swept = co_await SweepOnce();
    if (!swept.ok()) log::Warn("the sweep failed and is tried again", {{"status", swept}});
    while (!stopping_) {
      const absl::StatusOr<absl::Duration> pause = co_await Pause();
      next_.expires_at(DeadlineIn(swept.ok() && pause.ok() ? *pause : kAfterFailure));
      const auto [cut_short] = co_await next_.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!cut_short) break;
    }
  }
  co_return absl::OkStatus();
}

Task<> SweepClock::SweepOnce() {
  // Before anything that needs the database: a key whose time is over dies even where that is away.
  const std::optional<absl::Time> now = clock_.Now();
  const absl::Status overdue = now ? keys_.DestroyOverdue(*now) : absl::OkStatus();
  if (const auto keys = keys_.List(); keys.ok()) session_metrics::Keys(*keys, now.value_or(absl::Now()));
  const absl::Status claimed = co_await folder_.Claim(DeadlineIn(kAfterFailure));
  if (!claimed.ok()) log::Error("the key folder could not be claimed", {{"status", claimed}});
  CO_TRY(co_await sweep_.Run(DeadlineIn(kLongestSweep), Sweep::IfBusy::kSkip));
  session_metrics::Swept(absl::Now());
  const absl::StatusOr<SessionCount> count = co_await store_.Count(DeadlineIn(kAfterFailure));
  if (count.ok()) session_metrics::Counted(*count);
  co_return overdue;
}

Task<absl::Duration> SweepClock::Pause() {
  absl::Duration pause = kPeriod;
  CO_TRY(const std::vector<KeyId> keys, keys_.List());
  if (const std::optional<absl::Time> now = clock_.Now()) {
    for (const KeyId& key : keys) pause = std::min(pause, key.dies_at - *now);
  }
  CO_TRY(const std::optional<absl::Duration> due, co_await store_.NextDueIn(DeadlineIn(kAfterFailure)));
  if (due) pause = std::min(pause, *due);
  co_return std::max(pause, kShortest);
}

}  // namespace ftl::vault
