#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/connection.h"
#include "common/db/database.h"
#include "common/time/deadline.h"

namespace ftl {

// Something may have happened.
struct WakeUp {
  // Where; empty when `may_have_missed`.
  std::string channel = {};
  // What the sender said: several payloads of one moment, with commas between; empty for "look at everything".
  std::string payload = {};
  // The connection is new: whatever was told before it stood is lost, so look at everything.
  bool may_have_missed = false;
};

// LISTEN as a stream of wake-ups, on a connection of its own, which it opens when first asked and again after a loss.
// One caller at a time. A NOTIFY is a hint, never the news itself: look at the tables, and poll them now and then as
// well.
class Listener {
 public:
  // `channels` are plain names.
  Listener(DatabaseSettings settings, std::vector<std::string> channels);

  // The next wake-up. kDeadlineExceeded when there was none; kDatabaseUnavailable when there is no connection: ask
  // again after the wait it names.
  Task<WakeUp> Next(Deadline deadline);

 private:
  Task<> Connect(Deadline deadline);

  DatabaseSettings settings_;
  std::vector<std::string> channels_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace ftl
