#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace ftl {
namespace {

// Looks at memory that is no longer ours, which is the point; the allocator keeps its own notes in the first 16 bytes.
bool LeftInFreedMemory(uintptr_t address, int size, char byte) {
  const volatile char* const bytes = reinterpret_cast<const volatile char*>(address);
  for (int i = 16; i < size; ++i) {
    if (bytes[i] == byte) return true;
  }
  return false;
}

TEST(WipingFreeTest, LeavesNothingOfWhatWasFreed) {
  char* const memory = static_cast<char*>(std::malloc(200));
  std::memset(memory, 'k', 200);
  const auto address = reinterpret_cast<uintptr_t>(memory);
  std::free(memory);
  EXPECT_FALSE(LeftInFreedMemory(address, 200, 'k'));
}

TEST(WipingFreeTest, LeavesNothingWhereAnObjectWasDeletedOrAStringGrew) {
  auto* const text = new std::string(200, 'k');
  const auto before = reinterpret_cast<uintptr_t>(text->data());
  text->append(4000, 'k');
  const auto after = reinterpret_cast<uintptr_t>(text->data());
  EXPECT_FALSE(LeftInFreedMemory(before, 200, 'k'));
  delete text;
  EXPECT_FALSE(LeftInFreedMemory(after, 200, 'k'));
}

TEST(WipingFreeTest, MovesAndShrinksMemoryWithoutLosingWhatItHolds) {
  char* memory = static_cast<char*>(std::realloc(nullptr, 100));
  std::memset(memory, 'k', 100);
  const auto first = reinterpret_cast<uintptr_t>(memory);
  memory = static_cast<char*>(std::realloc(memory, 100'000));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(memory[i], 'k');
  EXPECT_FALSE(LeftInFreedMemory(first, 100, 'k'));
  memory = static_cast<char*>(std::realloc(memory, 50));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(memory[i], 'k');
  EXPECT_EQ(std::realloc(memory, 0), nullptr);
}

}  // namespace
}  // namespace ftl
