#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"

namespace ftl::batch_runner {

// An endpoint that has asked all who call it with one key to wait, as the store knows it.
struct ClosedDoor {
  std::string pace_key;    // stands for endpoint and key (LendKeyResponse)
  absl::Duration opens;    // from now; zero or less where it has opened
  absl::Duration waiting;  // for how long nobody has been answered; zero where somebody was
};

// Which endpoints have asked to wait, for all sessions and processes, in demo_endpoint_doors.
class DoorStore {
 public:
  explicit DoorStore(Database& database) : database_(database) {}

  // Nobody is to call for `wait` from now; an earlier answer that asked for longer stands.
  Task<> Close(Deadline deadline, std::string pace_key, absl::Duration wait);
  // Somebody was answered.
  Task<> Answered(Deadline deadline, std::string pace_key);
  // Doors that are closed or were of late. Forgets those of ten minutes ago.
  Task<std::vector<ClosedDoor>> List(Deadline deadline);

 private:
  Database& database_;
};

}  // namespace ftl::batch_runner
