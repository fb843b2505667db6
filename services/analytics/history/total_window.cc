#include "services/analytics/history/total_window.h"

namespace ftl::analytics {
namespace {

absl::Time FloorTo(absl::Time moment, absl::Duration step) {
  return absl::UnixEpoch() + absl::Floor(moment - absl::UnixEpoch(), step);
}
absl::Time CeilTo(absl::Time moment, absl::Duration step) {
  return absl::UnixEpoch() + absl::Ceil(moment - absl::UnixEpoch(), step);
}

}  // namespace

TotalWindow::TotalWindow(absl::Time from, absl::Time to) {
  const absl::Time first_hour = CeilTo(from, absl::Hours(1));
  const absl::Time last_hour = FloorTo(to, absl::Hours(1));
  if (first_hour > last_hour) {
    rows_before = {from, to};
    return;
  }
  rows_before = {from, first_hour};
  rows_behind = {last_hour, to};
  const absl::Time first_day = CeilTo(from, absl::Hours(24));
  const absl::Time last_day = FloorTo(to, absl::Hours(24));
  if (first_day > last_day) {
    hours_before = {first_hour, last_hour};
    return;
  }
  hours_before = {first_hour, first_day};
  days = {first_day, last_day};
  hours_behind = {last_day, last_hour};
}

}  // namespace ftl::analytics
