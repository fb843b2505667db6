#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time/deadline.h"
#include "services/batch-runner/store/door_store.h"

namespace ftl::batch_runner {

// Whose endpoint has asked to wait, as this process knows it: what its own calls were told, at once, and what the store
// tells of others'. A door is an endpoint with one key, whatever the session. Pure: reads no clock. One per process, on
// the module's thread.
class Doors {
 public:
  // A call was told at `now` to wait. Whether the others must hear of it: of a burst that asks for the same, the first.
  bool Close(const std::string& pace_key, absl::Duration wait, Deadline now);
  // A call was answered with anything else. Whether the others must hear of it: it was the first after a wait, or the
  // first for a while.
  bool Answered(const std::string& pace_key, Deadline now);
  // What the store knew at `now`.
  void Learn(const std::vector<ClosedDoor>& stored, Deadline now);

  // When it opens; past where it is open.
  Deadline ClosedUntil(const std::string& pace_key) const;
  // Since when nobody has been answered; absent where somebody was since.
  std::optional<Deadline> WaitingSince(const std::string& pace_key) const;

 private:
  struct Door {
    Deadline closed_until;
    std::optional<Deadline> waiting_since;
  };
  std::map<std::string, Door> doors_;
};

// What somebody is told who asks for a call while the door is closed for `left`.
std::string ClosedDoorSentence(absl::Duration left);

// A run that has waited this long in a row, without an answer to anybody, gives up.
inline constexpr absl::Duration kLongestInARow = absl::Minutes(5);

// What is left of that for a run that began at `began`; nobody has been answered since `waiting_since`.
absl::Duration PatienceLeft(std::optional<Deadline> waiting_since, Deadline began, Deadline now);

}  // namespace ftl::batch_runner
