#include "common/db/connection_pool.h"

#include <algorithm>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"

namespace ftl {
namespace {

constexpr absl::Duration kConnectLimit = absl::Seconds(10);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

}  // namespace

ConnectionLease::ConnectionLease(std::shared_ptr<ConnectionPool> pool, std::unique_ptr<Connection> connection)
    : pool_(std::move(pool)), connection_(std::move(connection)) {}

ConnectionLease::~ConnectionLease() {
  if (connection_) pool_->Return(std::move(connection_));
}

class ConnectionPool::Place {
 public:
  Place(std::shared_ptr<ConnectionPool> pool, Waiter& waiter) : pool_(std::move(pool)), waiter_(waiter) {
    pool_->waiting_.push_back(&waiter_);
    pool_->metrics_.Stands(pool_->use());
  }
  ~Place() {
    std::erase(pool_->waiting_, &waiter_);
    pool_->metrics_.Stands(pool_->use());
    if (waiter_.given) pool_->Return(std::move(waiter_.given));
  }

 private:
  std::shared_ptr<ConnectionPool> pool_;
  Waiter& waiter_;
};

ConnectionPool::ConnectionPool(asio::any_io_executor executor, DatabaseSettings settings)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      metrics_(settings_.application_name, settings_.lane) {
  settings_.max_connections = std::max(1, settings_.max_connections);
}

DatabaseUse ConnectionPool::use() const {
  return {.open = open_, .idle = static_cast<int>(idle_.size()), .waiting = static_cast<int>(waiting_.size())};
}

Task<ConnectionLease> ConnectionPool::Acquire(Deadline deadline) {
  const std::shared_ptr<ConnectionPool> self = shared_from_this();
  const absl::Time asked = absl::Now();
  absl::StatusOr<ConnectionLease> lease = co_await Wait(deadline);
  metrics_.Waited(absl::Now() - asked);
  metrics_.Stands(use());
  co_return lease;
}

Task<ConnectionLease> ConnectionPool::Wait(Deadline deadline) {
  const std::shared_ptr<ConnectionPool> self = shared_from_this();
  if (closed_) co_return DatabaseUnavailable("the pool is closed");
  if (TimeLeft(deadline) <= absl::ZeroDuration()) co_return DatabaseTooSlow();
  // Whoever waits already comes first.
  if (waiting_.empty()) {
    if (std::unique_ptr<Connection> connection = TakeIdle()) co_return ConnectionLease(self, std::move(connection));
  }
  if (waiting_.size() >= kMaxWaiting) {
    co_return Refuse(Reason::kOverloaded, "Too much work is waiting for the database; try again shortly.")
        .RetryAfter(absl::Seconds(1));
  }
  if (open_ == 0 && opening_ == 0 && IsResting()) co_return last_failure_;

  Waiter waiter(executor_, deadline);
  const Place place(self, waiter);
  OpenWhereWanted();
  // A connection that fails at once has refused the waiter before it waits.
  if (!waiter.given && waiter.refused.ok()) co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.given) co_return ConnectionLease(self, std::move(waiter.given));
  if (!waiter.refused.ok()) co_return waiter.refused;
  if (TimeLeft(deadline) > absl::ZeroDuration()) co_return absl::CancelledError("broken off");
  co_return DatabaseTooSlow();
}

void ConnectionPool::Close() {
  closed_ = true;
  open_ -= static_cast<int>(idle_.size());
  idle_.clear();
  RefuseWaiting(DatabaseUnavailable("the pool is closed"));
  metrics_.Stands(use());
}

std::unique_ptr<Connection> ConnectionPool::TakeIdle() {
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->Idle()) return connection;
    --open_;
  }
  return nullptr;
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  if (!closed_ && connection->Idle()) return HandOut(std::move(connection));
  connection.reset();
  --open_;
  metrics_.Stands(use());
  OpenWhereWanted();
}

void ConnectionPool::HandOut(std::unique_ptr<Connection> connection) {
  if (waiting_.empty()) {
    idle_.push_back(std::move(connection));
    return metrics_.Stands(use());
  }
  Waiter* first = waiting_.front();
  waiting_.pop_front();
  first->given = std::move(connection);
  first->timer.cancel();
}

bool ConnectionPool::IsResting() const {
  return pause_ > absl::ZeroDuration() && TimeLeft(not_before_) > absl::ZeroDuration();
}

// An attempt may fail before co_spawn returns, and there is a rest then.
void ConnectionPool::OpenWhereWanted() {
  if (closed_) return;
  if (IsResting()) {
    if (open_ == 0 && opening_ == 0) RefuseWaiting(last_failure_);
    return;
  }
  const int limit = pause_ > absl::ZeroDuration() ? 1 : settings_.max_connections;
  while (!IsResting() && opening_ < limit && opening_ < static_cast<int>(waiting_.size()) &&
         open_ + opening_ < settings_.max_connections) {
    ++opening_;
    asio::co_spawn(executor_, OpenOne(shared_from_this()), asio::detached);
  }
}

asio::awaitable<void> ConnectionPool::OpenOne(std::shared_ptr<ConnectionPool> pool) {
  const DatabaseSettings& settings = pool->settings_;
  auto keywords =
      ReadConnectionString(settings.url, settings.role, settings.application_name, settings.server_settings);
  if (!keywords.ok()) {
    pool->Opened(keywords.status());
    co_return;
  }
  pool->Opened(co_await Connection::Open(*std::move(keywords), DeadlineIn(kConnectLimit)));
}

void ConnectionPool::Opened(absl::StatusOr<std::unique_ptr<Connection>> connection) {
  --opening_;
  if (closed_) return;
  if (connection.ok()) {
    if (pause_ > absl::ZeroDuration()) spdlog::info("database: back");
    pause_ = absl::ZeroDuration();
    ++open_;
    HandOut(*std::move(connection));
    OpenWhereWanted();
    return;
  }
  last_failure_ = connection.status();
  if (pause_ == absl::ZeroDuration()) {
    std::string words = DatabaseWordsOf(last_failure_);
    if (words.empty()) words = std::string(last_failure_.message());
    spdlog::warn("database: no connection: {}", words);
  }
  pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  // Spread, so that many processes do not come back in step.
  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  not_before_ = DeadlineIn(share * pause_);
  // While some are open, who waits gets one of those.
  if (open_ == 0) RefuseWaiting(last_failure_);
}

void ConnectionPool::RefuseWaiting(const absl::Status& why) {
  for (Waiter* waiter : std::exchange(waiting_, {})) {
    waiter->refused = why;
    waiter->timer.cancel();
  }
}

}  // namespace ftl
