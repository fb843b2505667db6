#include "services/analytics/query/query_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> WrongIn(const std::string& text) {
  pb::Query query;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &query)) << text;
  FieldFaults faults;
  JudgeQuery(query, faults);
  std::vector<std::string> fields;
  for (const FieldFault& fault : faults.listed()) fields.push_back(fault.field);
  return fields;
}

TEST(QueryRulesTest, WhatAtlasAsksPasses) {
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN group_by: GROUPING_CATEGORY"), IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_LIST order: ORDER_DESCENDING limit: 5"),
              IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_COUNT filters { field: FILTER_FIELD_LATENCY "
                      "comparison: COMPARISON_GREATER number: 2000 }"),
              IsEmpty());
  EXPECT_THAT(WrongIn("statistic: STATISTIC_SUMMARY"), IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_RUN run_facts: RUN_FACT_DURATION"), IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_RESPONSE_LENGTH statistic: STATISTIC_MEAN"), IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_DIFFERENCE base_run: -1"), IsEmpty());
}

TEST(QueryRulesTest, EveryFaultIsNamed) {
  EXPECT_THAT(WrongIn(""), ElementsAre("query.measure"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY"), ElementsAre("query.statistic"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_SHARE"), ElementsAre("query.statistic"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_PERCENTILE"), ElementsAre("query.percentile"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_PERCENTILE percentile: 101 limit: 0"),
              ElementsAre("query.percentile", "query.limit"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN presentation: PRESENTATION_EXPORT"),
              ElementsAre("query.presentation"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN filters { field: FILTER_FIELD_CATEGORY "
                      "comparison: COMPARISON_LESS number: 3 }"),
              ElementsAre("query.filters[0].number", "query.filters[0].comparison"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN filters { any_of { any_of { field: "
                      "FILTER_FIELD_LATENCY } } }"),
              ElementsAre("query.filters[0].any_of[0].any_of"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN slices { share: 2 order: ORDER_ASCENDING }"),
              ElementsAre("query.slices[0].share"));
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN whole: true explain: true"),
              ElementsAre("query.whole", "query.explain"));
  EXPECT_THAT(WrongIn("measure: MEASURE_RUN run_facts: RUN_FACT_DURATION limit: 3"), ElementsAre("query.limit"));
  EXPECT_THAT(WrongIn("statistic: STATISTIC_SUMMARY filters { field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL "
                      "text: 'true' }"),
              ElementsAre("query.filters"));
}

TEST(QueryRulesTest, BoundsOfGroupsRatiosAndOtherRunsStandWhereTheyMeanSomething) {
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN group_by: GROUPING_CATEGORY having { "
                      "comparison: COMPARISON_GREATER number: 2000 }"),
              IsEmpty());
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN having { comparison: COMPARISON_GREATER "
                      "number: 2000 }"),
              ElementsAre("query.having"));
  EXPECT_THAT(WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_COUNT group_by: GROUPING_CATEGORY having { "
                      "comparison: COMPARISON_CONTAINS than_all: true }"),
              ElementsAre("query.having.comparison", "query.having.than_all"));
  for (const char* figure : {"measure: MEASURE_RESPONSE_LENGTH statistic: STATISTIC_MEAN",
                             "measure: MEASURE_LATENCY statistic: STATISTIC_CORRELATION against: MEASURE_TTFT"}) {
    EXPECT_THAT(WrongIn(std::string(figure) + " group_by: GROUPING_CATEGORY having { comparison: COMPARISON_GREATER "
                                              "number: 200 }"),
                ElementsAre("query.having"))
        << figure;
  }
  EXPECT_THAT(WrongIn("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN ratio: true"), ElementsAre("query.ratio"));
  EXPECT_THAT(WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_LIST filters { field: FILTER_FIELD_HALF "
                      "comparison: COMPARISON_EQUAL number: 1 in_run: 1.5 }"),
              ElementsAre("query.filters[0].in_run", "query.filters[0].in_run"));
  const std::string success = "field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL text: 'true' ";
  for (const char* run : {"-2", "0", "1000000"}) {
    EXPECT_THAT(
        WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_LIST filters { " + success + "in_run: " + run + " }"),
        IsEmpty())
        << run;
  }
  for (const char* run : {"1e18", "-1000001", "inf", "nan", "0.5"}) {
    EXPECT_THAT(
        WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_LIST filters { " + success + "in_run: " + run + " }"),
        ElementsAre("query.filters[0].in_run"))
        << run;
  }
  EXPECT_THAT(WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_LIST filters { any_of { " + success +
                      "} in_run: 1 } among { any_of { " + success + "in_run: 1 } }"),
              ElementsAre("query.among[0].any_of[0].in_run", "query.filters[0].in_run"));
  EXPECT_THAT(WrongIn("measure: MEASURE_RESULTS statistic: STATISTIC_LIST filters { field: FILTER_FIELD_LATENCY "
                      "comparison: COMPARISON_GREATER than: STATISTIC_MEAN than_of { field: FILTER_FIELD_SUCCESS "
                      "comparison: COMPARISON_EQUAL text: 'false' } }"),
              ElementsAre("query.filters[0].than_of[0].field"));
}

// A measure and a statistic that pass make SQL with a value in it.
TEST(QueryRulesTest, NothingThatPassesCompilesToAnEmptyValue) {
  RunScope scope;
  scope.session = "s";
  for (int measure = pb::Measure_MIN; measure <= pb::Measure_MAX; ++measure) {
    for (int statistic = pb::Statistic_MIN; statistic <= pb::Statistic_MAX; ++statistic) {
      pb::Query query;
      query.set_measure(static_cast<pb::Measure>(measure));
      query.set_statistic(static_cast<pb::Statistic>(statistic));
      query.set_percentile(50);
      if (statistic == pb::STATISTIC_CORRELATION) query.set_against(pb::MEASURE_TTFT);
      FieldFaults faults;
      JudgeQuery(query, faults);
      if (!faults.empty() || statistic == pb::STATISTIC_SUMMARY || measure == pb::MEASURE_RUN) continue;
      const std::string sql = Compile(query, scope, "b").sql;
      EXPECT_EQ(sql.find("()::float8"), std::string::npos) << sql;
      EXPECT_EQ(sql.find("THEN  END"), std::string::npos) << sql;
    }
  }
}

}  // namespace
}  // namespace ftl::analytics
