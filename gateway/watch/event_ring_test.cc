#include "gateway/watch/event_ring.h"

#include <gtest/gtest.h>

namespace ftl::gateway {
namespace {

EventRing::Event Event(int64_t sequence, bool is_last = false) { return {sequence, is_last, std::string(10, 'x')}; }

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

TEST(EventRingTest, GivesOneTextToAllWhoStandAtTheSamePlace) {
  EventRing ring(/*base=*/0, /*max_bytes=*/1000);
  for (int64_t sequence : {1, 0, 2}) ring.Append(Event(sequence));
  const EventRing::Piece piece = ring.PieceFrom(1);
  EXPECT_EQ(piece.text->size(), 20);
  EXPECT_EQ(piece.end, 3);
  EXPECT_EQ(piece.oldest, 2);
  EXPECT_EQ(piece.newest, 2);
  EXPECT_FALSE(piece.is_last);
  EXPECT_EQ(ring.PieceFrom(1).text, piece.text);
  ring.Append(Event(3, /*is_last=*/true));
  EXPECT_EQ(ring.PieceFrom(1).text->size(), 30);
  EXPECT_TRUE(ring.PieceFrom(1).is_last);
}

TEST(EventRingTest, EndsAPieceAtAWritesWorth) {
  EventRing ring(/*base=*/0, /*max_bytes=*/1 << 20);
  for (int64_t sequence : {1, 2, 3}) ring.Append({sequence, false, std::string(40'000, 'x')});
  EXPECT_EQ(ring.PieceFrom(0).end, 1);
  EXPECT_EQ(ring.PieceFrom(1).end, 2);
}

TEST(EventRingTest, CopiesNoLargeEvent) {
  EventRing ring(/*base=*/0, /*max_bytes=*/1 << 20);
  ring.Append(Event(1));
  ring.Append({2, true, std::string(900'000, 'x')});
  EXPECT_EQ(ring.PieceFrom(0).end, 1);
  const EventRing::Piece large = ring.PieceFrom(1);
  EXPECT_EQ(large.text, ring.at(1).text);
  EXPECT_EQ(large.end, 2);
  EXPECT_EQ(large.newest, 2);
  EXPECT_TRUE(large.is_last);
}

}  // namespace
}  // namespace ftl::gateway
