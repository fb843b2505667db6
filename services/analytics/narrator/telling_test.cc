#include "services/analytics/narrator/telling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/ratio.h"

namespace ftl::analytics {
namespace {

const Language& English() { return Language::Of("en"); }

TEST(TellingTest, AFigureStandsWhereItWasTold) {
  Telling telling(English());
  const std::string figure = telling.Figure({.value = 3}, "3", "/three");
  const std::string other = telling.Figure({.value = 10}, "10", "/ten");
  const Prose prose =
      telling.Finish("😀 " + telling.Say("count.did", {{"k", figure, 3}, {"of", other}, {"did", "failed"}}));
  EXPECT_EQ(prose.text, "😀 **3** of 10 failed.");
  ASSERT_EQ(prose.figures.size(), 2);
  EXPECT_EQ(prose.figures[0].from, 5);  // the face is two UTF-16 units
  EXPECT_EQ(prose.figures[0].to, 6);
  EXPECT_EQ(prose.figures[0].link, "/three");
  EXPECT_EQ(prose.figures[1].from, 12);
  EXPECT_EQ(prose.figures[1].to, 14);
  EXPECT_EQ(prose.facts.size(), 2);
}

TEST(TellingTest, ForeignTextHoldsNoMarkAndNoMarkdown) {
  EXPECT_EQ(Quoted("a\x02"
                   "0\x03z\x04 *b*\nc",
                   20),
            "a 0 z \\*b\\* c");
  EXPECT_EQ(Quoted("äöü", 2), "äö…");
}

TEST(TellingTest, NumbersHaveTheirUnitAndNoUselessZeros) {
  EXPECT_EQ(DurationText(English(), 850), "850 ms");
  EXPECT_EQ(DurationText(English(), 1235.2), "1.235 s");
  EXPECT_EQ(DurationText(English(), 2000), "2 s");
  EXPECT_EQ(DurationText(English(), 125'000), "2 min 5 s");
  EXPECT_EQ(QuantityText(English(), pb::MEASURE_OUTPUT_TOKENS, 12345.36), "12,345.4 tokens");
  EXPECT_EQ(QuantityText(English(), pb::MEASURE_OUTPUT_TOKENS, 1), "1 token");
  EXPECT_EQ(ShareText(English(), 0.875), "87.5%");
}

TEST(TellingTest, EachLanguageWritesNumbersItsOwnWay) {
  EXPECT_EQ(QuantityText(Language::Of("de"), pb::MEASURE_OUTPUT_TOKENS, 12345.36), "12.345,4 Tokens");
  EXPECT_EQ(QuantityText(Language::Of("fr"), pb::MEASURE_OUTPUT_TOKENS, 1.5), "1,5 token");
  EXPECT_EQ(ShareText(Language::Of("de"), 0.875), "87,5 %");
  EXPECT_EQ(QuantityText(Language::Of("ja"), pb::MEASURE_OUTPUT_TOKENS, 3), "3 トークン");
}

TEST(TellingTest, APromptIsNamedByNumberAndBeginningOnOneLine) {
  FoundResult result;
  result.prompt_id = 7;
  result.prompt = "How do I\nreset my *very* old password, please?";
  EXPECT_EQ(PromptText(English(), result), "#7 'How do I reset my \\*very\\* old pas…'");
}

pb::Filter FilterOf(pb::FilterField field, pb::Comparison comparison, double number, std::string text = "") {
  pb::Filter filter;
  filter.set_field(field);
  filter.set_comparison(comparison);
  filter.set_number(number);
  filter.set_text(std::move(text));
  return filter;
}

TEST(TellingTest, ASmallRatioShowsItsFigures) {
  Finding finding;
  finding.query.set_measure(pb::MEASURE_OUTPUT_TOKENS);
  finding.query.set_statistic(pb::STATISTIC_SUM);
  finding.query.set_ratio(true);
  const auto told = [&](double first, double second) {
    FoundGroup group;
    group.figures = {{first, 10}, {second, 10}};
    finding.groups = {group};
    Telling telling(English());
    return telling.Finish(TellRatio(telling, finding)).text;
  };
  EXPECT_EQ(told(1, 400), "The first is **0.0025** times the second.");
  EXPECT_EQ(told(1, 70), "The first is **0.0143** times the second.");
  EXPECT_EQ(told(999.9, 1000), "The first is **1** times the second.");
  EXPECT_EQ(told(0, 7), "The first is **0** times the second.");
  EXPECT_EQ(told(7, 3), "The first is **2.33** times the second.");
}

TEST(TellingTest, ABoundOfGroupsIsToldInTheUnitOfItsFigure) {
  pb::Query query;
  query.set_measure(pb::MEASURE_LATENCY);
  query.set_group_by(pb::GROUPING_CATEGORY);
  query.mutable_having()->set_comparison(pb::COMPARISON_GREATER);
  query.mutable_having()->set_number(2500);
  query.set_statistic(pb::STATISTIC_MEAN);
  EXPECT_EQ(GroupBoundText(English(), query, std::nullopt), "above 2.5 s");
  query.set_statistic(pb::STATISTIC_VARIANCE);
  EXPECT_EQ(GroupBoundText(English(), query, std::nullopt), "above 2,500");
}

TEST(TellingTest, WhatWasUnderstoodStandsOnOneLine) {
  pb::Query query;
  query.set_measure(pb::MEASURE_LATENCY);
  query.set_statistic(pb::STATISTIC_PERCENTILE);
  query.set_percentile(95);
  *query.add_filters() = FilterOf(pb::FILTER_FIELD_CATEGORY, pb::COMPARISON_EQUAL, 0, "programming");
  *query.add_filters() = FilterOf(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, 2);
  EXPECT_EQ(QueryText(English(), query), "95th percentile of latency · category programming; run 2");
  query.add_filters()->CopyFrom(FilterOf(pb::FILTER_FIELD_LATENCY, pb::COMPARISON_GREATER, 2000));
  EXPECT_EQ(FiltersText(English(), query), "category programming; run 2; latency above 2 s");
}

TEST(TellingTest, ACountOfOneHasItsOwnVerb) {
  pb::Query query;
  *query.add_filters() = FilterOf(pb::FILTER_FIELD_FINISH_REASON, pb::COMPARISON_EQUAL, 0, "length");
  EXPECT_EQ(DidText(English(), query, 1), "was cut off by the token limit");
  EXPECT_EQ(DidText(English(), query, 2), "were cut off by the token limit");
}

}  // namespace
}  // namespace ftl::analytics
