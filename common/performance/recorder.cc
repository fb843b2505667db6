#include "common/performance/recorder.h"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/observe/log.h"
#include "common/performance/performance_table.h"
#include "common/performance/rolled_up.h"
#include "common/performance/sampler.h"

namespace ftl::performance {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(kReadingSeconds);
constexpr absl::Duration kKeepLimit = absl::Seconds(3);

std::atomic<bool> is_recorded = false;

// To the next full ten seconds, so that the rows of all processes stand side by side.
absl::Duration UntilNext(absl::Time now) {
  return kInterval - absl::Nanoseconds(absl::ToUnixNanos(now) % absl::ToInt64Nanoseconds(kInterval));
}

}  // namespace

struct Recorder::Thread {
  explicit Thread(Keep keeps) : keep(std::move(keeps)) { Start(); }
  explicit Thread(const DatabaseSettings& settings) : database(std::in_place, io.get_executor(), settings) {
    keep = [table = PerformanceTable(*database)](Deadline deadline, std::vector<pb::PerformanceRow> rows) mutable {
      return table.Put(deadline, std::move(rows));
    };
    Start();
  }
  ~Thread() {
    asio::post(io, [this] {
      stopped = true;
      timer.cancel();
    });
    thread.join();
    is_recorded = false;
  }

  void Start() {
    asio::co_spawn(io, Record(), [this](std::exception_ptr) { io.stop(); });
    thread = std::thread([this] { io.run(); });
  }

  asio::awaitable<void> Record() {
    Sampler sampler;
    RolledUp rolled_up;
    bool kept_before = true;
    while (true) {
      timer.expires_at(DeadlineIn(UntilNext(absl::Now())));
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (stopped) co_return;
      const absl::Status kept = co_await keep(DeadlineIn(kKeepLimit), rolled_up.With(sampler.Read(absl::Now())));
      if (stopped) co_return;
      if (!kept.ok() && kept_before) log::Warn("how this process fares is not kept", {{"status", kept}});
      kept_before = kept.ok();
    }
  }

  asio::io_context io{1};
  asio::steady_timer timer{io};
  std::optional<Database> database;  // the recorder's own, where it has one
  Keep keep;
  bool stopped = false;
  std::thread thread;
};

Recorder::Recorder(const DatabaseSettings& database) {
  if (!is_recorded.exchange(true)) {
    thread_ = std::make_unique<Thread>(database.ForLane("performance", 1));
  }
}

Recorder::Recorder(Keep keep) {
  if (!is_recorded.exchange(true)) thread_ = std::make_unique<Thread>(std::move(keep));
}

Recorder::~Recorder() = default;

}  // namespace ftl::performance
