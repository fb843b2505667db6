#pragma once

#include <optional>

#include "common/time/deadline.h"

namespace ftl::batch_runner {

// What a run does while the door of its endpoint is closed (doors.h): it lets its calls end, gives back what it holds,
// is told to wait, and gives up when it has waited for too long in a row. Pure: reads no clock. One per worker.
class Pause {
 public:
  // The run began then, as far as is known.
  explicit Pause(Deadline began) : began_(began) {}

  struct Step {
    bool gives_up = false;
    bool gives_back = false;  // the lease
    bool tells = false;       // until when it waits; then Told
  };
  // The door opens at `opens`, and nobody has been answered since `waiting_since`.
  Step Next(Deadline opens, std::optional<Deadline> waiting_since, bool is_calling, bool has_lease, Deadline now) const;
  void Told(Deadline opens) { told_until_ = opens; }

 private:
  Deadline began_;
  Deadline told_until_;
};

}  // namespace ftl::batch_runner
