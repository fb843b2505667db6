#include "services/analytics/history/total_window.h"

#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

absl::Duration LengthOf(const Span& span) { return span.to - span.from; }

TEST(TotalWindowTest, PartsCoverTheWholeTimeOnceInOrder) {
  const absl::Time start = absl::FromUnixSeconds(1'764'200'000);
  for (int from = 0; from < 60; ++from) {
    for (int length = 0; length < 80; ++length) {
      const absl::Time begin = start + from * absl::Minutes(53);
      const absl::Time end = begin + length * absl::Minutes(67);
      const TotalWindow window(begin, end);
      absl::Time reached = begin;
      for (const Span& part :
           {window.rows_before, window.hours_before, window.days, window.hours_behind, window.rows_behind}) {
        if (LengthOf(part) <= absl::ZeroDuration()) continue;
        EXPECT_EQ(part.from, reached);
        reached = part.to;
      }
      EXPECT_EQ(reached, end);
      EXPECT_EQ(absl::ToUnixSeconds(window.days.from) % 86'400, 0);
      EXPECT_EQ(absl::ToUnixSeconds(window.days.to) % 86'400, 0);
      EXPECT_EQ(absl::ToUnixSeconds(window.hours_behind.to) % 3'600, 0);
    }
  }
}

}  // namespace
}  // namespace ftl::analytics
