#pragma once

#include <cstdint>

namespace ftl::batch_runner {

// How much may be spent on judging an answer, so that strangers' expressions over strangers' answers come to an end. A
// unit is one step of an expression over one byte, some ten nanoseconds at the most.
class MatchWork {
 public:
  // What one answer may cost: about a second.
  static constexpr int64_t kOfAnswer = 100'000'000;

  explicit MatchWork(int64_t units = kOfAnswer) : left_(units) {}

  // Takes units; takes none and says false where fewer are left.
  bool Take(int64_t units) {
    was_short_ |= units > left_;
    if (units > left_) return false;
    left_ -= units;
    return true;
  }
  int64_t left() const { return left_; }
  // Whether more was ever asked for than was left.
  bool was_short() const { return was_short_; }

 private:
  int64_t left_;
  bool was_short_ = false;
};

}  // namespace ftl::batch_runner
