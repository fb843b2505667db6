#include "common/performance/last_minute.h"

#include <gtest/gtest.h>

namespace ftl::performance {
namespace {

using std::chrono::seconds;

TEST(LastMinuteTest, ForgetsWhatIsOlder) {
  LastMinute requests;
  const Deadline begin{seconds(1000)};
  requests.Count(begin);
  requests.Count(begin);
  requests.Count(begin + seconds(59));
  EXPECT_EQ(requests.Sum(begin + seconds(59)), 3);
  EXPECT_EQ(requests.Sum(begin + seconds(60)), 1);
  requests.Count(begin + seconds(60));
  EXPECT_EQ(requests.Sum(begin + seconds(60)), 2);
  EXPECT_EQ(requests.Sum(begin + seconds(300)), 0);
}

}  // namespace
}  // namespace ftl::performance
