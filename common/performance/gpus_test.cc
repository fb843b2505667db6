#include "common/performance/gpus.h"

#include <gtest/gtest.h>

namespace ftl::performance {
namespace {

TEST(GpusTest, TellsOfThoseThatAnswer) {
  const std::vector<Gpu> gpus = Gpus(FTL_FAKE_NVML).Look();
  ASSERT_EQ(gpus.size(), 1U);
  EXPECT_EQ(gpus[0].name, "Tesla T4");
  EXPECT_EQ(gpus[0].usage_percent, 37);
  EXPECT_EQ(gpus[0].memory_usage_percent, 25);
}

TEST(GpusTest, KnowsOfNoneWithoutTheLibrary) { EXPECT_TRUE(Gpus("libno-such-driver.so.1").Look().empty()); }

}  // namespace
}  // namespace ftl::performance
