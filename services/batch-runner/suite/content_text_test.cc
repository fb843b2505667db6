#include "services/batch-runner/suite/content_text.h"

#include <string>

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

TEST(ContentTextTest, FindsTheEndOfALineWhereverItStands) {
  EXPECT_EQ(LineEnd(""), 0u);
  EXPECT_EQ(LineEnd("a\r\nb"), 1u);
  EXPECT_EQ(LineEnd("a\nb\r", 2), 3u);
  for (const size_t length : {4095, 4096, 4097, 8191, 8192, 10000}) {
    const std::string line(length, 'x');
    EXPECT_EQ(LineEnd(line), length);
    EXPECT_EQ(LineEnd(line + "\n\r"), length) << length;
    EXPECT_EQ(LineEnd(line + "\r\n"), length) << length;
    EXPECT_EQ(LineEnd("\n" + line + "\r", 1), length + 1) << length;
  }
}

TEST(ContentTextTest, JudgesEachByteOfUtf8WhereverItStands) {
  for (size_t before = 0; before < 20; ++before) {
    const std::string ascii(before, 'x');
    EXPECT_TRUE(IsUtf8(ascii + "\u00E9" + ascii));
    EXPECT_TRUE(IsUtf8(ascii + "\U0001F600"));
    EXPECT_FALSE(IsUtf8(ascii + "\xE9" + ascii)) << before;
    EXPECT_FALSE(IsUtf8(ascii + "\xED\xA0\x80" + ascii)) << before;
    EXPECT_FALSE(IsUtf8(ascii + "\xF0\x9F\x98")) << before;
  }
}

}  // namespace
}  // namespace ftl::batch_runner
