#include "services/export/report/readable.h"

#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

TEST(ReadableTest, LeavesTextsOfEveryScriptAsTheyAre) {
  for (const char* text :
       {"plain", "a\tb", "one\n\ntwo", "العربية", "हिन्दी", "👩‍👩‍👧", "e\u0301", "\u200Fעברית"}) {
    EXPECT_EQ(Readable(text), text);
  }
}

TEST(ReadableTest, ShowsWhatWouldSteerThePage) {
  EXPECT_EQ(Readable("a\x07z"), "a\u2039U+0007\u203Az");
  EXPECT_EQ(Readable("\u202Egnp"), "\u2039U+202E\u203Agnp");
  EXPECT_EQ(Readable("\uE000"), "\u2039U+E000\u203A");
  EXPECT_EQ(Readable("\x7F"), "\u2039U+007F\u203A");
}

TEST(ReadableTest, EndsLinesInOneWayAndLeavesOneEmpty) {
  EXPECT_EQ(Readable("a\r\nb\rc\u2028d"), "a\nb\nc\nd");
  EXPECT_EQ(Readable("a\n\n\n\n\nb"), "a\n\nb");
}

TEST(ReadableTest, PilesNoMoreThanEightMarks) {
  std::string marks;
  for (int i = 0; i < 100; ++i) marks += "\u0301";
  EXPECT_EQ(Readable("e" + marks + "x"), "e" + marks.substr(0, 16) + "x");
}

TEST(ReadableTest, MendsWhatIsNoUtf8) { EXPECT_EQ(Readable("a\xFFz"), "a\uFFFDz"); }

TEST(ReadableTest, CutsBetweenCharacters) {
  EXPECT_EQ(Beginning("äöü", 2), "äö");
  EXPECT_EQ(Beginning("ab", 5), "ab");
  EXPECT_EQ(OneLine("one\ntwo three", 7), "one two\u2026");
  EXPECT_EQ(OneLine("one", 3), "one");
}

}  // namespace
}  // namespace ftl::exporter
