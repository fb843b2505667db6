#include "services/batch-runner/run/pause.h"

#include "services/batch-runner/run/doors.h"

namespace ftl::batch_runner {
namespace {

// For a shorter one nothing is given back, nor told.
constexpr std::chrono::seconds kShort(1);

}  // namespace

Pause::Step Pause::Next(Deadline opens, std::optional<Deadline> waiting_since, bool is_calling, bool has_lease,
                        Deadline now) const {
  if (!is_calling && PatienceLeft(waiting_since, began_, now) <= absl::ZeroDuration()) return {.gives_up = true};
  const bool is_long = opens - now > kShort;
  return {.gives_back = is_long && !is_calling && has_lease, .tells = is_long && opens - told_until_ > kShort};
}

}  // namespace ftl::batch_runner
