#include "services/export/writer/csv_cell.h"

#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

std::string Cell(std::string_view text) {
  std::string out;
  AppendCell(text, out);
  return out;
}

TEST(CsvCellTest, LeavesPlainTextAsItIs) {
  for (const char* text : {"", "hello", "a b", "it's", "1.5", "# no comment", "日本語 🎉", "a=b", "3-4"}) {
    EXPECT_EQ(Cell(text), text);
  }
}

TEST(CsvCellTest, QuotesWhatWouldEndACellOrARow) {
  EXPECT_EQ(Cell("a,b"), "\"a,b\"");
  EXPECT_EQ(Cell("a;b"), "\"a;b\"");
  EXPECT_EQ(Cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(Cell("\"\""), "\"\"\"\"\"\"");
  EXPECT_EQ(Cell("one\ntwo"), "\"one\ntwo\"");
  EXPECT_EQ(Cell("one\r\ntwo"), "\"one\r\ntwo\"");
  EXPECT_EQ(Cell("a\tb"), "\"a\tb\"");
  EXPECT_EQ(Cell(" a"), "\" a\"");
  EXPECT_EQ(Cell("a "), "\"a \"");
}

TEST(CsvCellTest, MakesFormulasText) {
  EXPECT_EQ(Cell("=1+1"), "'=1+1");
  EXPECT_EQ(Cell("-2+3"), "'-2+3");
  EXPECT_EQ(Cell("-5 apples"), "'-5 apples");
  EXPECT_EQ(Cell("+"), "'+");
  EXPECT_EQ(Cell("-1e"), "'-1e");
  EXPECT_EQ(Cell("-1."), "'-1.");
  EXPECT_EQ(Cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(Cell("\t=1"), "\"'\t=1\"");
  EXPECT_EQ(Cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(Cell("\n=1"), "\"'\n=1\"");
  EXPECT_EQ(Cell("  =1"), "\"'  =1\"");
  EXPECT_EQ(Cell("\uFF1D1+1"), "'\uFF1D1+1");
  EXPECT_EQ(Cell("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

TEST(CsvCellTest, LeavesNumbersNumbers) {
  for (const char* text : {"-5", "+7", "-0.25", "+1e6", "-3E-7", "12"}) EXPECT_EQ(Cell(text), text);
}

}  // namespace
}  // namespace ftl::exporter
