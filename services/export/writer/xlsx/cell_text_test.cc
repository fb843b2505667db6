#include "services/export/writer/xlsx/cell_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

size_t UnitsIn(const std::string& text) {
  size_t units = 0;
  for (const char c : text) units += (c & 0xC0) == 0x80 ? 0 : static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
  return units;
}

TEST(CellTextTest, LeavesWhatFits) {
  EXPECT_EQ(CellText("=1+1"), "=1+1");
  const std::string most(32'767, 'x');
  EXPECT_EQ(CellText(most), most);
}

TEST(CellTextTest, CutsWithAWordWhatIsTooLong) {
  EXPECT_THAT(CellText(std::string(32'768, 'x')), testing::HasSubstr("cut: 32768 characters in all"));
  std::string emoji;
  for (int i = 0; i < 20'000; ++i) emoji += "\U0001F389";
  const std::string told = CellText(emoji);
  EXPECT_LE(UnitsIn(told), 32'767u);
  EXPECT_THAT(told, testing::HasSubstr("cut: 20000 characters"));
  EXPECT_THAT(told, testing::Not(testing::HasSubstr("\xF0\x9F\x8E\u2026"))) << "a character is parted";
}

TEST(CellTextTest, HasNothingThatXmlForbids) { EXPECT_EQ(CellText("a\uFFFEb\uFFFF"), "a\uFFFDb\uFFFD"); }

}  // namespace
}  // namespace ftl::exporter
