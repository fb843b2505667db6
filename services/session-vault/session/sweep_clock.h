#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "services/session-vault/session/database_clock.h"
#include "services/session-vault/session/sweep.h"
#include "services/session-vault/store/cleanup_store.h"
#include "services/session-vault/store/key_folder.h"
#include "services/session-vault/vault/epoch_keys.h"

namespace ftl::vault {

// Sweeps at the start, every minute, and when a session or a key is due before that, so that what is over goes at once.
// While the database is away it goes on trying, and keys still die on time. One per module, on its thread; all that it
// is made of outlives it.
class SweepClock {
 public:
  SweepClock(asio::any_io_executor executor, Sweep& sweep, CleanupStore& store, const EpochKeys& keys,
             KeyFolder& folder, const DatabaseClock& clock);

  void Start();
  // Something is due in `wait`: looks again then, if not before.
  void WakeIn(absl::Duration wait);
  // Breaks off a sweep under way and ends when it has ended.
  Task<> Stop();

 private:
  Task<> Run();
  Task<> SweepOnce();
  Task<absl::Duration> Pause();

  asio::any_io_executor executor_;
  Sweep& sweep_;
  CleanupStore& store_;
  const EpochKeys& keys_;
  KeyFolder& folder_;
  const DatabaseClock& clock_;
  asio::steady_timer next_;
  asio::steady_timer ended_;  // is cancelled when Run has ended
  asio::cancellation_signal stop_;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace ftl::vault
