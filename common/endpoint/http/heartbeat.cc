#include "common/endpoint/http/heartbeat.h"

#include <algorithm>

namespace ftl {

void Lateness::Note(Deadline at, absl::Duration late) {
  if (late <= absl::ZeroDuration()) return;
  while (!noted_.empty() && noted_.back().late <= late) noted_.pop_back();
  noted_.push_back({at, late});
}

absl::Duration Lateness::WorstSince(Deadline since) const {
  absl::Duration worst;
  for (auto noted = noted_.rbegin(); noted != noted_.rend() && noted->at > since; ++noted) {
    worst = std::max(worst, std::min(noted->late, absl::FromChrono(noted->at - since)));
  }
  return worst;
}

absl::Duration Heartbeat::WorstSince(Deadline since) const {
  Lateness overdue;
  const Deadline now = std::chrono::steady_clock::now();
  overdue.Note(now, absl::FromChrono(now - due_));
  return std::max(lateness_.WorstSince(since), overdue.WorstSince(since));
}

void Heartbeat::Begin() {
  if (++calls_ == 1) Await();
}

void Heartbeat::End() {
  if (--calls_ > 0) return;
  timer_.cancel();
  lateness_.Forget();
}

void Heartbeat::Await() {
  due_ = DeadlineIn(kBeat);
  timer_.expires_at(due_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    const auto heartbeat = weak.lock();
    if (heartbeat && !cancelled) heartbeat->Beat();
  });
}

void Heartbeat::Beat() {
  const Deadline now = std::chrono::steady_clock::now();
  // A beat that was on its way as the last call ended, and another began.
  if (calls_ == 0 || now < due_) return;
  lateness_.Note(now, absl::FromChrono(now - due_));
  Await();
}

}  // namespace ftl
