#include "services/export/writer/html/html_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/export/report/shown_result.h"
#include "services/export/writer/html/ranks.h"

namespace ftl::exporter {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string PageOf(const std::string& answer) {
  ShownResult shown;
  shown.result.set_prompt_id(1);
  shown.result.set_success(true);
  shown.result.set_prompt(answer);
  shown.result.set_category(answer);
  shown.result.set_response(answer);
  Document document{.title = answer, .cover = {.kind = "Report", .title = answer, .details = answer}};
  document.sections.push_back({.title = answer, .blocks = {SampleOf(shown), ResultTable({shown})}});
  return WriteHtml(document);
}

TEST(HtmlWriterTest, NothingOfATextIsMarkup) {
  for (const char* text :
       {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "<!-- x", "</style><b>",
        "[a](javascript:alert(1))", "![a](http://elsewhere.example/x.png)", "<http://elsewhere.example>"}) {
    const std::string page = PageOf(text);
    EXPECT_THAT(page, Not(HasSubstr("<script"))) << text;
    EXPECT_THAT(page, Not(HasSubstr("<img"))) << text;
    EXPECT_THAT(page, Not(ContainsRegex("(href|src)=.?(http|java)"))) << text;
    EXPECT_THAT(page, Not(ContainsRegex("<[^>]* on[a-z]+="))) << text;
  }
}

TEST(HtmlWriterTest, RefersToNothingOutside) {
  const std::string page = PageOf("plain");
  EXPECT_THAT(page, Not(ContainsRegex("https?://")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(HtmlWriterTest, SetsMarkdown) {
  const std::string page = PageOf("## Head\n\n3. third\n4. fourth\n\n```\na < b\n```\n\n|a|b|\n|---|---|\n|**1**|2|");
  EXPECT_THAT(page, HasSubstr("<h5 dir=\"auto\">Head</h5>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"marker\">4.</span> fourth"));
  EXPECT_THAT(page, HasSubstr("a &lt; b"));
  EXPECT_THAT(page, HasSubstr("<td dir=\"auto\"><strong>1</strong></td>"));
}

TEST(HtmlWriterTest, DrawsChartsWithinItself) {
  Document document{.title = "T"};
  Chart chart{.title = "Latency", .words = "Bars of <latency>"};
  chart.bars = {{0, 1, 2}};
  document.sections.push_back({.title = "Latency", .blocks = {chart}});
  const std::string page = WriteHtml(document);
  EXPECT_THAT(page, HasSubstr("<svg viewBox"));
  EXPECT_THAT(page, HasSubstr("<title>Bars of &lt;latency&gt;</title>"));
}

ShownResult Measured(int32_t prompt_id, int64_t milliseconds) {
  ShownResult shown;
  shown.result.set_prompt_id(prompt_id);
  if (milliseconds > 0) shown.result.mutable_latency()->set_nanos(static_cast<int32_t>(milliseconds * 1'000'000));
  return shown;
}

TEST(RanksTest, OrdersByWhatACellTellsAndLeavesEmptyOnesOut) {
  const Table table = ResultTable({Measured(2, 900), Measured(10, 0), Measured(1, 90), Measured(3, 900)});
  using testing::ElementsAre;
  EXPECT_THAT(RanksBy(table, 0), ElementsAre(1, 3, 0, 2)) << "numbers, not their digits";
  EXPECT_THAT(RanksBy(table, 4), ElementsAre(1, std::nullopt, 0, 2)) << "equals keep their order";
}

TEST(HtmlWriterTest, LetsATableBeSortedWithoutScriptWhereItIsMeantToBe) {
  Table table = ResultTable({Measured(2, 900), Measured(1, 0)});
  const auto page_of = [](const Table& shown) {
    Document document{.title = "T"};
    document.sections.push_back({.title = "Prompts", .blocks = {shown}});
    return WriteHtml(document);
  };
  EXPECT_THAT(page_of(table), Not(HasSubstr("<input")));
  table.sorts = true;
  const std::string page = page_of(table);
  EXPECT_THAT(page, HasSubstr(R"(<input type="radio" name="t1" class="u4" aria-label="Latency, least first">)"));
  EXPECT_THAT(page, HasSubstr(R"(class="d4" aria-label="Latency, greatest first")"));
  EXPECT_THAT(page, ContainsRegex(R"(<tr style="--r0:1;[^"]*--r4:0;)"));
  EXPECT_THAT(page, Not(ContainsRegex(R"(<tr style="--r0:0;[^"]*--r4:)"))) << "what is not there has no place";
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace ftl::exporter
