#include "common/history/timed_id.h"

#include <gtest/gtest.h>

namespace ftl {
namespace {

const absl::Time kNoon = absl::FromUnixMillis(1'764'244'800'123) + absl::Microseconds(456);

TEST(TimedIdTest, TellsTheMillisecondItWasMadeIn) {
  const std::string id = TimedId(kNoon);
  EXPECT_EQ(id.substr(0, 15), "019ac52f-427b-7");
  EXPECT_EQ(TimeOfTimedId(id), absl::FromUnixMillis(1'764'244'800'123));
}

TEST(TimedIdTest, IsNeverTheSameTwiceAndSortsByTime) {
  EXPECT_NE(TimedId(kNoon), TimedId(kNoon));
  EXPECT_LT(TimedId(kNoon), TimedId(kNoon + absl::Milliseconds(1)));
}

TEST(TimedIdTest, KnowsWhatIsNone) {
  for (const char* text : {"", "b6a1c2d3-0000-4000-8000-000000000001", "019ac4f8-a07b-7", "not-an-id",
                           "019ac4f8-a07b-7000-8000-00000000000g", "019ac4f8xa07b-7000-8000-000000000000"}) {
    EXPECT_EQ(TimeOfTimedId(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ftl
