#include "gateway/watch/event_ring.h"

namespace ftl::gateway {

void EventRing::Append(Event event) {
  if (event.sequence > newest_) newest_ = event.sequence;
  bytes_ += event.text->size();
  events_.push_back(std::move(event));
  while (bytes_ > max_bytes_ && events_.size() > 1) {
    const Event& oldest = events_.front();
    if (oldest.sequence > base_) base_ = oldest.sequence;
    bytes_ -= oldest.text->size();
    events_.pop_front();
    ++begin_;
  }
}

int64_t EventRing::PositionAfter(int64_t sequence) const {
  int64_t position = end();
  for (int64_t i = end() - 1; i >= begin(); --i) {
    const int64_t here = at(i).sequence;
    if (here == 0) continue;
    if (here <= sequence) break;
    position = i;
  }
  return position;
}

}  // namespace ftl::gateway
