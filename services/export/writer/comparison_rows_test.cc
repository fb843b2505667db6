#include "services/export/writer/comparison_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/json/json_reader.h"
#include "services/export/report/comparison_fixture.h"

namespace ftl::exporter {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Csv(const ComparisonReport& report, bool sections) {
  std::string out;
  AppendComparisonCsv(report, sections, out);
  return out;
}

TEST(ComparisonRowsTest, WritesAnAnswerARowWithoutFormulas) {
  EXPECT_EQ(Csv(TestComparison(), false),
            "index,repetition,service,key_name,model,better,status,latency_ms,ttft_ms,input_tokens,output_tokens,"
            "reasoning_tokens,tokens_estimated,cost,finish_reason,error_type,error,response\r\n"
            "0,1,openai,,model_a,,complete,2000,,,3,,false,0.0000475,stop,,,\"'=2, \"\"surely\"\"\"\r\n"
            "1,1,openai,,model_b,,incomplete,,,,,,false,,,network,It was away.,\r\n");
}

TEST(ComparisonRowsTest, HasMarkVerdictAndStandingsInSections) {
  ComparisonReport report = TestComparison();
  report.comparison.mutable_mark()->set_index(0);
  report.comparison.mutable_mark()->mutable_marked_at()->set_seconds(1'764'244'860);
  const std::string text = Csv(report, true);
  EXPECT_THAT(text, testing::StartsWith("\xEF\xBB\xBF# Comparison Export\r\n"));
  EXPECT_THAT(text, HasSubstr("# Mark: model_a\r\n# Marked: 2025-11-27T12:01:00Z\r\n"));
  EXPECT_THAT(text, HasSubstr("measure,leaders,certainty\r\nlatency,model_a,too_few_to_tell\r\n"));
  EXPECT_THAT(text, HasSubstr("strength_high\r\nopenai,,model_a,7,6,1,0,2.5,1.25,5\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\n0,1,openai,,model_a,true,complete,"));
  EXPECT_THAT(text, HasSubstr("\r\n1,1,openai,,model_b,false,incomplete,"));
}

TEST(ComparisonRowsTest, NamesNoModelThatIsHidden) {
  ComparisonReport report = HiddenComparison();
  report.standings.Clear();
  EXPECT_THAT(Csv(report, true), Not(HasSubstr("model_")));
  EXPECT_THAT(Csv(report, true), HasSubstr("latency,model 1,"));
}

TEST(ComparisonRowsTest, WritesOneObjectWithTheStandings) {
  std::string text;
  AppendComparisonJson(TestComparison(), text);
  const auto document = JsonDocument::Parse(text);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->root().at("export_date").as_string(), "2025-11-27T12:01:40Z");
  EXPECT_EQ(document->root().at("complete").as_bool(), true);
  EXPECT_EQ(document->root().at("answers").as_array().size(), 2u);
  EXPECT_EQ(document->root().at("standings").at("marks").as_int64(), 7);
}

}  // namespace
}  // namespace ftl::exporter
