#pragma once

#include <deque>
#include <memory>
#include <random>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/db/connection.h"
#include "common/db/database.h"
#include "common/db/lane_metrics.h"
#include "common/time/deadline.h"

namespace ftl {

class ConnectionPool;

// A connection that is out. Gives it back when it goes: to the pool where it is idle, else it is closed.
class ConnectionLease {
 public:
  ConnectionLease(std::shared_ptr<ConnectionPool> pool, std::unique_ptr<Connection> connection);
  ConnectionLease(ConnectionLease&&) noexcept = default;
  ConnectionLease& operator=(ConnectionLease&&) = delete;
  ~ConnectionLease();

  Connection* operator->() const { return connection_.get(); }

 private:
  std::shared_ptr<ConnectionPool> pool_;
  std::unique_ptr<Connection> connection_;
};

// At most so many connections. The one used last goes out first, since its statements are prepared and its server
// process is warm; the others may be closed by whoever likes. Calls wait in order of arrival, at most kMaxWaiting of
// them: more would only time out later. A connection is opened beside the calls, so that a short deadline does not
// break it off again and again. After a failure to connect the calls in line are refused, and others for a pause that
// grows from 0.1 to 2 s; then one of them tries. One io_context, one thread.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  static constexpr size_t kMaxWaiting = 4096;

  ConnectionPool(asio::any_io_executor executor, DatabaseSettings settings);

  Task<ConnectionLease> Acquire(Deadline deadline);
  // Refuses whoever waits, closes what is idle, and takes nothing back.
  void Close();
  DatabaseUse use() const;

 private:
  friend class ConnectionLease;
  struct Waiter {
    explicit Waiter(asio::any_io_executor executor, Deadline deadline) : timer(std::move(executor), deadline) {}
    asio::steady_timer timer;
    std::unique_ptr<Connection> given;
    absl::Status refused;
  };
  // Takes a waiter out of the line, however its coroutine ends.
  class Place;

  Task<ConnectionLease> Wait(Deadline deadline);
  void Return(std::unique_ptr<Connection> connection);
  void HandOut(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> TakeIdle();
  void OpenWhereWanted();
  static asio::awaitable<void> OpenOne(std::shared_ptr<ConnectionPool> pool);
  void Opened(absl::StatusOr<std::unique_ptr<Connection>> connection);
  // After a failed attempt none is made for a while.
  bool IsResting() const;
  void RefuseWaiting(const absl::Status& why);

  asio::any_io_executor executor_;
  DatabaseSettings settings_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::deque<Waiter*> waiting_;
  int open_ = 0;  // idle and out
  int opening_ = 0;
  bool closed_ = false;
  absl::Duration pause_;  // zero while all is well
  Deadline not_before_{};
  absl::Status last_failure_;
  LaneMetrics metrics_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace ftl
