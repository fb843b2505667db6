#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace ftl::gateway {

// The latest events of a run, encoded once for all who watch. Pure.
class EventRing {
 public:
  // About what goes out in one write.
  static constexpr size_t kPieceBytes = 64 * 1024;

  struct Event {
    Event(int64_t of, bool last, std::string as_text)
        : sequence(of), is_last(last), text(std::make_shared<const std::string>(std::move(as_text))) {}

    int64_t sequence;  // 0 for events that are not replayed
    bool is_last;
    std::shared_ptr<const std::string> text;  // one for all who are sent it, also when it has left the ring
  };

  // Events that stand one after the other, as one text: a write's worth, or one event that is larger, uncopied.
  struct Piece {
    int64_t end = 0;     // the position after them
    int64_t oldest = 0;  // the lowest sequence among them; 0 for none
    int64_t newest = 0;  // the highest
    bool is_last = false;
    std::shared_ptr<const std::string> text;
  };

  // Results up to `base` stand elsewhere.
  EventRing(int64_t base, size_t max_bytes) : base_(base), newest_(base), max_bytes_(max_bytes) {}

  void Append(Event event);

  // Where an event stands: one more than the one before. Events before `begin()` have been dropped.
  int64_t begin() const { return begin_; }
  int64_t end() const { return begin_ + static_cast<int64_t>(events_.size()); }
  const Event& at(int64_t position) const { return events_[static_cast<size_t>(position - begin_)]; }

  // What stands from `position` on, up to a write's worth. All who ask for the same share the same text.
  Piece PieceFrom(int64_t position);

  // Every result after this sequence is in the ring or still to come.
  int64_t base() const { return base_; }
  int64_t newest() const { return newest_; }
  // The position of the first event with a higher sequence; `end()` where there is none yet.
  int64_t PositionAfter(int64_t sequence) const;

 private:
  std::deque<Event> events_;
  int64_t begin_ = 0;
  int64_t base_;
  int64_t newest_;
  size_t bytes_ = 0;
  const size_t max_bytes_;
  Piece shared_;  // the one asked for last; void once something is appended
  int64_t shared_begin_ = -1;
};

}  // namespace ftl::gateway
