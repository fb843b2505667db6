#include "services/batch-runner/history/request_keeper.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/observe/log.h"
#include "services/batch-runner/history/logged_answer.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);
constexpr absl::Duration kDropLimit = absl::Seconds(30);
// While the database was away nobody could renew: before others' calls are ended, all have had the time to.
constexpr int kRenewalsBefore = 3;
// Of days.
constexpr absl::Duration kLook = absl::Hours(1);

}  // namespace

struct RequestKeeper::Watch {
  Watch(asio::any_io_executor executor, RequestStore& of_requests, BenchmarkStore& of_benchmarks, int keeps)
      : store(of_requests), benchmarks(of_benchmarks), days(keeps), timer(std::move(executor)) {}

  RequestStore& store;
  BenchmarkStore& benchmarks;
  const int days;
  asio::steady_timer timer;
  bool stopped = false;
};

RequestKeeper::RequestKeeper(asio::any_io_executor executor, RequestStore& store, BenchmarkStore& benchmarks, int days)
    : watch_(std::make_shared<Watch>(std::move(executor), store, benchmarks, days)) {}

Task<> RequestKeeper::Start(Deadline deadline) {
  CO_TRY(co_await watch_->store.PrepareDays(deadline));
  CO_TRY(co_await watch_->store.RenewLease(deadline, kLease));
  asio::co_spawn(watch_->timer.get_executor(), Keep(watch_), asio::detached);
  co_return absl::OkStatus();
}

void RequestKeeper::Stop() {
  watch_->stopped = true;
  watch_->timer.cancel();
}

asio::awaitable<void> RequestKeeper::Keep(std::shared_ptr<Watch> watch) {
  int renewals = 1;
  Deadline next_look = std::chrono::steady_clock::now();
  while (!watch->stopped) {
    if (TimeLeft(next_look) <= absl::ZeroDuration()) {
      next_look = DeadlineIn(kLook);
      absl::Status kept = co_await watch->store.PrepareDays(DeadlineIn(kLimit));
      if (kept.ok()) kept = co_await watch->store.DropDays(DeadlineIn(kDropLimit), watch->days);
      if (!kept.ok()) log::Warn("the days of the request log are looked after later", {{"status", kept}});
    }
    watch->timer.expires_at(DeadlineIn(kRenewal));
    if (!watch->stopped) co_await watch->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (watch->stopped) co_return;
    const absl::Status renewed = co_await watch->store.RenewLease(DeadlineIn(kLimit), kLease);
    renewals = renewed.ok() ? renewals + 1 : 0;
    if (renewals >= kRenewalsBefore && !watch->stopped) co_await EndAbandoned(*watch);
  }
}

asio::awaitable<void> RequestKeeper::EndAbandoned(const Watch& watch) {
  const auto benchmarks = co_await watch.benchmarks.EndAbandoned(DeadlineIn(kLimit));
  if (benchmarks.ok() && *benchmarks > 0) {
    log::Warn("benchmarks were interrupted by the end of their process", {{"count", *benchmarks}});
  }
  auto abandoned = co_await watch.store.FindAbandoned(DeadlineIn(kLimit));
  if (!abandoned.ok()) co_return;
  for (RequestStore::Abandoned& each : *abandoned) {
    FillInterrupted(each.request);
    const absl::Status ended = co_await watch.store.Complete(DeadlineIn(kLimit), each.owner, each.request);
    log::Warn("a call was interrupted by the end of its process", {{"id", each.request.id()}, {"status", ended}});
  }
}

}  // namespace ftl::batch_runner
