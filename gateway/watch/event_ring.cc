#include "gateway/watch/event_ring.h"

#include <algorithm>

namespace ftl::gateway {

void EventRing::Append(Event event) {
  shared_begin_ = -1;
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

EventRing::Piece EventRing::PieceFrom(int64_t position) {
  if (position == shared_begin_) return shared_;
  Piece piece{.end = position};
  auto text = std::make_shared<std::string>();
  for (; piece.end < end(); ++piece.end) {
    const Event& event = at(piece.end);
    if (!text->empty() && text->size() + event.text->size() > kPieceBytes) break;
    if (piece.oldest == 0) piece.oldest = event.sequence;
    piece.newest = std::max(piece.newest, event.sequence);
    piece.is_last |= event.is_last;
    if (text->empty() && event.text->size() >= kPieceBytes) {
      piece.text = event.text;
      ++piece.end;
      break;
    }
    *text += *event.text;
  }
  if (!piece.text) piece.text = std::move(text);
  shared_begin_ = position;
  shared_ = piece;
  return piece;
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
