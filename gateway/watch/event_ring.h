#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace ftl::gateway {

// The latest events of a run, encoded once for all who watch. Pure.
class EventRing {
 public:
  struct Event {
    int64_t sequence;  // 0 for events that are not replayed
    bool is_last;
    std::shared_ptr<const std::string> text;
  };

  // Results up to `base` stand elsewhere.
  EventRing(int64_t base, size_t max_bytes) : base_(base), newest_(base), max_bytes_(max_bytes) {}

  void Append(Event event);

  // Where an event stands: one more than the one before. Events before `begin()` have been dropped.
  int64_t begin() const { return begin_; }
  int64_t end() const { return begin_ + static_cast<int64_t>(events_.size()); }
  const Event& at(int64_t position) const { return events_[static_cast<size_t>(position - begin_)]; }

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
};

}  // namespace ftl::gateway
