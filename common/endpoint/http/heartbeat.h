#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <absl/time/time.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl {

// When a thread was late, and by how much. Pure. Keeps no more than what the worst since any moment needs.
class Lateness {
 public:
  // What was due `late` before `at` came at `at`. In order of time.
  void Note(Deadline at, absl::Duration late);
  // The worst that falls after `since`; of what began before, the part after it.
  absl::Duration WorstSince(Deadline since) const;
  void Forget() { noted_.clear(); }
  size_t size() const { return noted_.size(); }

 private:
  struct Noted {
    Deadline at;
    absl::Duration late;
  };
  std::vector<Noted> noted_;  // each later one is smaller
};

// Beats on the module's thread while calls are under way. A thread that was held, by other work or with its whole
// process, beats late, whether or not something arrived meanwhile whose stamp would show it.
class Heartbeat : public std::enable_shared_from_this<Heartbeat> {
 public:
  static constexpr absl::Duration kBeat = absl::Milliseconds(5);

  explicit Heartbeat(asio::any_io_executor executor) : timer_(executor) {}

  // A call under way.
  class Call {
   public:
    explicit Call(std::shared_ptr<Heartbeat> heartbeat) : heartbeat_(std::move(heartbeat)) { heartbeat_->Begin(); }
    ~Call() { heartbeat_->End(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    std::shared_ptr<Heartbeat> heartbeat_;
  };

  // How late the thread was at worst since then, while calls were under way; a beat that is overdue counts.
  absl::Duration WorstSince(Deadline since) const;

 private:
  void Begin();
  void End();
  void Await();
  void Beat();

  asio::steady_timer timer_;
  Deadline due_;
  Lateness lateness_;
  int calls_ = 0;
};

}  // namespace ftl
