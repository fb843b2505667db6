#include "services/batch-runner/run/doors.h"

#include <algorithm>

#include <fmt/format.h>

namespace ftl::batch_runner {
namespace {

// Refusals of one burst ask for the same moment, give or take.
constexpr absl::Duration kSameMoment = absl::Milliseconds(500);
constexpr absl::Duration kForAWhile = absl::Seconds(10);

}  // namespace

bool Doors::Close(const std::string& pace_key, absl::Duration wait, Deadline now) {
  Door& door = doors_[pace_key];
  const Deadline until = now + absl::ToChronoNanoseconds(wait);
  const bool is_news = until - door.closed_until > absl::ToChronoNanoseconds(kSameMoment);
  if (!door.waiting_since) door.waiting_since = now;
  door.closed_until = std::max(door.closed_until, until);
  return is_news;
}

bool Doors::Answered(const std::string& pace_key, Deadline now) {
  const auto found = doors_.find(pace_key);
  if (found == doors_.end() || !found->second.waiting_since) return false;
  Door& door = found->second;
  const bool is_closed = door.closed_until > now;
  if (is_closed && now - *door.waiting_since < absl::ToChronoNanoseconds(kForAWhile)) return false;
  door.waiting_since = is_closed ? std::optional(now) : std::nullopt;
  return true;
}

void Doors::Learn(const std::vector<ClosedDoor>& stored, Deadline now) {
  // One of this process that is not stored yet stays while it is closed.
  std::erase_if(doors_, [now](const auto& door) { return door.second.closed_until <= now; });
  for (const ClosedDoor& known : stored) {
    Door& door = doors_[known.pace_key];
    door.closed_until = std::max(door.closed_until, now + absl::ToChronoNanoseconds(known.opens));
    if (known.waiting > absl::ZeroDuration()) {
      door.waiting_since = now - absl::ToChronoNanoseconds(known.waiting);
    }
  }
}

Deadline Doors::ClosedUntil(const std::string& pace_key) const {
  const auto found = doors_.find(pace_key);
  return found == doors_.end() ? Deadline() : found->second.closed_until;
}

std::optional<Deadline> Doors::WaitingSince(const std::string& pace_key) const {
  const auto found = doors_.find(pace_key);
  return found == doors_.end() ? std::nullopt : found->second.waiting_since;
}

std::string ClosedDoorSentence(absl::Duration left) {
  return fmt::format("The endpoint has asked all who call it with this key to wait. Try again in {} s.",
                     absl::ToInt64Seconds(absl::Ceil(left, absl::Seconds(1))));
}

absl::Duration PatienceLeft(std::optional<Deadline> waiting_since, Deadline began, Deadline now) {
  if (!waiting_since) return kLongestInARow;
  return kLongestInARow - absl::FromChrono(now - std::max(*waiting_since, began));
}

}  // namespace ftl::batch_runner
