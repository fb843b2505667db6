#include "common/host/free_memory.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace ftl::host {
namespace {

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

// Small blocks with one that stays at the end, so that the heap cannot shrink by itself.
std::unique_ptr<std::string> UseMuchAndFreeIt() {
  std::vector<std::unique_ptr<std::string>> blocks;
  for (int i = 0; i < 100'000; ++i) blocks.push_back(std::make_unique<std::string>(1000, 'x'));
  return std::make_unique<std::string>(1000, 'y');
}

TEST(FreeMemoryTest, GoesBackAgainAndAgain) {
  ReturnFreeMemory();
  const size_t at_first = ResidentBytes();
  for (int i = 0; i < 3; ++i) {
    const auto kept = UseMuchAndFreeIt();
    EXPECT_GT(ResidentBytes(), at_first + (64 << 20));
    ReturnFreeMemory();
    EXPECT_LT(ResidentBytes(), at_first + (20 << 20));
  }
}

}  // namespace
}  // namespace ftl::host
