#include "services/export/report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/export/report/comparison_fixture.h"
#include "services/export/writer/markdown_writer.h"

namespace ftl::exporter {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Written(const ComparisonReport& report) { return WriteMarkdown(Compose(report)); }

TEST(ComparisonReportTest, TellsVerdictAnswersAndStandings) {
  const std::string text = Written(TestComparison());
  EXPECT_THAT(text, testing::StartsWith(
                        "# model\\_a and model\\_b\n\nComparison of models  \u00B7  27 November 2025, 12:00 UTC\n\n"
                        "Nobody has marked the better answer yet.\n\n"));
  EXPECT_THAT(text,
              HasSubstr("- Fastest: **model\\_a** with 2 s; too few repetitions to tell whether that is chance.\n"));
  EXPECT_THAT(text, HasSubstr("- **model\\_b** has no whole answer.\n"));
  EXPECT_THAT(text, HasSubstr("| model\\_a | 1 | 0 | 2 s |  |  |  | $0.000048 |  |\n"));
  EXPECT_THAT(text, HasSubstr("> What is \\*one\\* and one?\n"));
  EXPECT_THAT(
      text,
      HasSubstr("*2 s  \u00B7  3 output tokens  \u00B7  $0.000048  \u00B7  ended by stop*\n\n> =2, \"surely\"\n"));
  EXPECT_THAT(text, HasSubstr("## Answers\n\n### model\\_a\n\n*2 s"));
  EXPECT_THAT(text, HasSubstr("unfinished  \u00B7  It was away."));
  EXPECT_THAT(text, HasSubstr("| model\\_a (openai) | 7 | 6 | 1 | 0 | 2.5 | 1.25 to 5 |\n"));
  EXPECT_THAT(text, HasSubstr("7 marks of the project default, 2 of them given before the models were told."));
}

TEST(ComparisonReportTest, TellsTheMark) {
  ComparisonReport report = TestComparison();
  report.comparison.mutable_mark()->set_index(0);
  report.comparison.mutable_mark()->mutable_marked_at()->set_seconds(1'764'244'860);
  EXPECT_THAT(Written(report), HasSubstr("**model\\_a** is better, says a person (27 November 2025, 12:01 UTC)."));
  EXPECT_THAT(Written(report), HasSubstr("| $0.000048 | better |\n"));
  report.comparison.mutable_mark()->clear_index();
  report.comparison.mutable_mark()->set_tie(true);
  report.comparison.set_blind(true);
  EXPECT_THAT(Written(report), HasSubstr("None is better, says a person who did not know the models ("));
}

TEST(ComparisonReportTest, NamesNoModelThatIsHidden) {
  ComparisonReport report = HiddenComparison();
  report.standings.Clear();
  const std::string text = Written(report);
  EXPECT_THAT(text, Not(HasSubstr("model\\_")));
  EXPECT_THAT(text, HasSubstr("# model 1 and model 2\n"));
  EXPECT_THAT(text, HasSubstr("so the models are hidden."));
}

TEST(ComparisonReportTest, SaysThatItIsStillGoing) {
  ComparisonReport report = TestComparison();
  report.comparison.set_status(finetunelab::batch_runner::v1::COMPARISON_STATUS_RUNNING);
  report.comparison.clear_verdict();
  const std::string text = Written(report);
  EXPECT_THAT(text, HasSubstr("**This comparison is still going.**"));
  EXPECT_THAT(text, Not(HasSubstr("## Figures")));
}

TEST(ComparisonReportTest, CutsLongAnswersWithAWordAboutIt) {
  ComparisonReport report = TestComparison();
  report.comparison.mutable_answers(0)->set_content(std::string(10'000, 'x'));
  const Document document = Compose(report);
  const auto& sample = std::get<Sample>(document.sections[2].blocks[0]);
  EXPECT_THAT(sample.note, HasSubstr("The answer is cut; it has 10,000 characters."));
  EXPECT_EQ(sample.whole.size(), 10'000u);
}

TEST(ComparisonReportTest, TellsEqualModelsApart) {
  ComparisonReport report = TestComparison();
  report.comparison.mutable_models(1)->set_id("model_a");
  EXPECT_EQ(report.NameOf(0), "model_a (1)");
  EXPECT_EQ(report.NameOf(1), "model_a (2)");
}

}  // namespace
}  // namespace ftl::exporter
