#include "services/batch-runner/run/lookout.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kSpacing = absl::Seconds(1);
constexpr absl::Duration kLimit = absl::Seconds(5);

}  // namespace

Lookout::Lookout(asio::any_io_executor executor, RunStore& runs, Feed& feed)
    : executor_(std::move(executor)), runs_(runs), feed_(feed), rest_(executor_) {}

void Lookout::Start() { asio::co_spawn(executor_, Watch(), asio::detached); }

void Lookout::Stop() {
  stopped_ = true;
  rest_.cancel();
}

asio::awaitable<void> Lookout::Watch() {
  while (!stopped_) {
    rest_.expires_at(DeadlineIn(kSpacing));
    co_await rest_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!stopped_) co_await LookOnce();
  }
}

asio::awaitable<void> Lookout::LookOnce() {
  const std::vector<WatchedRun> watched = feed_.Watched();
  if (watched.empty()) co_return;
  const auto standings = co_await runs_.Standings(DeadlineIn(kLimit), watched);
  if (!standings.ok()) {
    // Each watcher finds out by itself and tells its client so. A database that is only slow is asked again.
    if (ReasonOf(standings.status()) == Reason::kDatabaseUnavailable) feed_.TouchAll();
    co_return;
  }
  for (size_t i = 0; i < watched.size(); ++i) feed_.Compare(watched[i].test_run_id, (*standings)[i]);
}

}  // namespace ftl::batch_runner
