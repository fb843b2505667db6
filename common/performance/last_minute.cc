#include "common/performance/last_minute.h"

namespace ftl::performance {
namespace {

int64_t NumberOf(Deadline now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

void LastMinute::Count(Deadline now) {
  const int64_t number = NumberOf(now);
  Second& second = seconds_[static_cast<size_t>(number) % seconds_.size()];
  if (second.number != number) second = {number, 0};
  ++second.count;
}

int64_t LastMinute::Sum(Deadline now) const {
  const int64_t number = NumberOf(now);
  int64_t sum = 0;
  for (const Second& second : seconds_) {
    if (second.number > number - static_cast<int64_t>(seconds_.size())) sum += second.count;
  }
  return sum;
}

}  // namespace ftl::performance
