#pragma once

#include <functional>
#include <optional>

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"

namespace ftl::vault {

// The one clock by which a key's time is over: the database's, which all replicas share. A replica whose own clock is
// wrong would destroy the keys of live sessions. Between two answers of the database its time is reckoned by the steady
// clock, so that keys die on time while it is away. One thread.
class DatabaseClock {
 public:
  static constexpr absl::Duration kMostOff = absl::Minutes(1);

  // `own` is this machine's clock.
  explicit DatabaseClock(Database& database, std::function<absl::Time()> own = absl::Now);

  // Asks the database. Logs an error where this machine's clock is off by more than kMostOff.
  Task<> Ask(Deadline deadline);

  // Absent before the first answer, and while this machine's clock is off by more than kMostOff: one of the two is
  // wrong, so nothing may be destroyed.
  std::optional<absl::Time> Now() const;

 private:
  Database& database_;
  std::function<absl::Time()> own_;
  std::optional<absl::Time> told_;
  Deadline told_at_;
};

}  // namespace ftl::vault
