#include "gateway/watch/event_ring.h"

#include <gtest/gtest.h>

namespace ftl::gateway {
namespace {

EventRing::Event Event(int64_t sequence) { return {sequence, false, std::make_shared<std::string>(10, 'x')}; }

TEST(EventRingTest, FindsWhereAWatcherGoesOn) {
  EventRing ring(/*base=*/4, /*max_bytes=*/1000);
  EXPECT_EQ(ring.PositionAfter(4), 0);
  for (int64_t sequence : {0, 5, 0, 6, 0}) ring.Append(Event(sequence));
  EXPECT_EQ(ring.PositionAfter(4), 1);
  EXPECT_EQ(ring.PositionAfter(5), 3);
  EXPECT_EQ(ring.PositionAfter(6), ring.end());
  EXPECT_EQ(ring.newest(), 6);
  EXPECT_EQ(ring.base(), 4);
}

TEST(EventRingTest, DropsTheOldestAndSaysFromWhereItIsWhole) {
  EventRing ring(/*base=*/0, /*max_bytes=*/30);
  for (int64_t sequence : {1, 0, 2, 3, 4}) ring.Append(Event(sequence));
  EXPECT_EQ(ring.begin(), 2);
  EXPECT_EQ(ring.end(), 5);
  EXPECT_EQ(ring.base(), 1);
  EXPECT_EQ(ring.at(ring.PositionAfter(2)).sequence, 3);
}

}  // namespace
}  // namespace ftl::gateway
