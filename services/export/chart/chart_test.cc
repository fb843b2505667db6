#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/export/chart/drawing.h"
#include "services/export/chart/scale.h"

namespace ftl::exporter {
namespace {

std::vector<std::string> TicksOf(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks) texts.push_back(tick.text);
  return texts;
}

TEST(ScaleTest, HasReadableSteps) {
  EXPECT_THAT(TicksOf(AxisOver("", 0, 97, 5)), testing::ElementsAre("0", "20", "40", "60", "80", "100"));
  EXPECT_THAT(TicksOf(AxisOver("", 0, 1.87, 4)), testing::ElementsAre("0", "0.5", "1", "1.5", "2"));
  EXPECT_THAT(TicksOf(AxisOver("", 0, 4300, 5)),
              testing::ElementsAre("0", "1,000", "2,000", "3,000", "4,000", "5,000"));
}

TEST(ScaleTest, CountsHaveWholeSteps) {
  EXPECT_THAT(TicksOf(AxisOver("", 0, 2, 6, true)), testing::ElementsAre("0", "1", "2"));
}

TEST(ScaleTest, AnAxisHasALengthWhateverItIsOver) {
  const Axis axis = AxisOver("", 5, 5, 4);
  EXPECT_LT(axis.from, axis.to);
}

TEST(ScaleTest, SpansOfASecondAreSeconds) {
  EXPECT_STREQ(UnitFor(999).name, "ms");
  EXPECT_STREQ(UnitFor(1000).name, "s");
}

TEST(DrawingTest, EverythingStandsWithinIt) {
  Chart chart{.x = AxisOver("x", 0, 10, 5), .y = AxisOver("y", 0, 10, 5)};
  chart.bars = {{0, 5, 4}, {5, 10, 40}};  // one is higher than its axis
  chart.dots = {{3, 3}, {-1, 100, true}};
  chart.marks = {{9.9, "p95 of many words"}, {9.8, "p99"}, {3, "p50", true}};
  for (const Shape& shape : Draw(chart, 300, 150).shapes) {
    if (const Box* box = std::get_if<Box>(&shape)) {
      EXPECT_GE(box->y, 0);
      EXPECT_LE(box->x + box->width, 300);
      EXPECT_LE(box->y + box->height, 150);
    }
    if (const Disc* disc = std::get_if<Disc>(&shape)) {
      EXPECT_GE(disc->x, 0);
      EXPECT_GE(disc->y, 0);
    }
  }
}

}  // namespace
}  // namespace ftl::exporter
