#include "services/batch-runner/suite/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

using ::testing::ElementsAre;

std::vector<CsvRecord> Records(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvRecord> records;
  for (CsvRecord record; reader.Next(record).value();) records.push_back(record);
  return records;
}

TEST(CsvReaderTest, ReadsQuotesCommasAndLineEndsAsRfc4180Says) {
  const auto records = Records("a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\n\n,\n");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[1].fields, ElementsAre("x, \"y\"", "two\nlines"));
  EXPECT_EQ(records[1].line, 2);
  EXPECT_THAT(records[2].fields, ElementsAre("", ""));
  EXPECT_EQ(records[2].line, 5);
}

TEST(CsvReaderTest, NeedsNoLineEndAtTheEnd) {
  EXPECT_THAT(Records("a,\"b\"")[0].fields, ElementsAre("a", "b"));
  EXPECT_THAT(Records("a,")[0].fields, ElementsAre("a", ""));
  EXPECT_TRUE(Records("\r\n\n").empty());
}

TEST(CsvReaderTest, TakesQuotesWithinACellAndOtherSignsAndCrAlone) {
  EXPECT_THAT(Records("Say \"hi\" twice,hi\n")[0].fields, ElementsAre("Say \"hi\" twice", "hi"));
  CsvReader reader("a;\"b;c\"\rd;e\r", ';');
  CsvRecord record;
  EXPECT_TRUE(*reader.Next(record));
  EXPECT_THAT(record.fields, ElementsAre("a", "b;c"));
  EXPECT_TRUE(*reader.Next(record));
  EXPECT_EQ(record.line, 2);
  EXPECT_FALSE(*reader.Next(record));
}

TEST(CsvReaderTest, RefusesStrayAndUnclosedQuotesAtTheirLineAndGoesOn) {
  for (const char* wrong : {"ok\n\"hi\" there\nlast", "ok\n\"never\nclosed"}) {
    CsvReader reader(wrong);
    CsvRecord record;
    EXPECT_TRUE(*reader.Next(record));
    EXPECT_FALSE(reader.Next(record).ok()) << wrong;
    EXPECT_EQ(record.line, 2);
  }
  CsvReader reader("\"hi\" there\nlast");
  CsvRecord record;
  EXPECT_FALSE(reader.Next(record).ok());
  EXPECT_TRUE(*reader.Next(record));
  EXPECT_THAT(record.fields, ElementsAre("last"));
  EXPECT_EQ(record.line, 2);
}

TEST(CsvReaderTest, StopsAtAThousandColumns) {
  const std::string wide(5'000'000, ',');
  CsvReader reader(wide);
  CsvRecord record;
  EXPECT_FALSE(reader.Next(record).ok());
  EXPECT_EQ(record.fields.size(), kMostColumns);
}

}  // namespace
}  // namespace ftl::batch_runner
