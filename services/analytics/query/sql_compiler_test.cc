#include "services/analytics/query/sql_compiler.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace ftl::analytics {
namespace {

using testing::HasSubstr;
using testing::Not;

CompiledQuery CompileText(const std::string& text) {
  pb::Query query;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &query));
  return Compile(query, {.session = "abc", .run = "b6a1c2d3-0000-4000-8000-000000000001"});
}

TEST(SqlCompilerTest, WhatPeopleWroteIsAParameterAndNeverSql) {
  const CompiledQuery compiled =
      CompileText(
          R"pb(
            measure: MEASURE_RESULTS
            statistic: STATISTIC_LIST
            filters {
              field: FILTER_FIELD_RESPONSE_TEXT
              comparison: COMPARISON_CONTAINS
              text: "'; DROP TABLE x; -- 50%_"
            })pb");
  EXPECT_THAT(compiled.sql, Not(HasSubstr("DROP")));
  ASSERT_EQ(compiled.params.values().size(), 3);
  EXPECT_THAT(compiled.params.values()[2].bytes.value(), HasSubstr("DROP TABLE x; -- 50"));
}

TEST(SqlCompilerTest, EveryQueryNamesSessionAndRun) {
  for (const char* statistic : {"STATISTIC_LIST", "STATISTIC_MEAN", "STATISTIC_DISTRIBUTION", "STATISTIC_COUNT"}) {
    const CompiledQuery compiled = CompileText(std::string("measure: MEASURE_LATENCY statistic: ") + statistic);
    EXPECT_THAT(compiled.sql, HasSubstr("r.demo_session_id = $1 AND r.test_run_id = $2::uuid")) << statistic;
  }
}

TEST(SqlCompilerTest, LatencyIsOfSuccessesUnlessFailuresAreAskedFor) {
  EXPECT_THAT(CompileText("measure: MEASURE_LATENCY statistic: STATISTIC_MEAN").sql, HasSubstr("CASE WHEN r.success"));
  EXPECT_THAT(CompileText(R"pb(measure: MEASURE_LATENCY
                               statistic: STATISTIC_MEAN
                               filters { field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL text: "false" })pb")
                  .sql,
              Not(HasSubstr("CASE WHEN r.success")));
}

TEST(SqlCompilerTest, ACountIsOfTheLastFilterAmongThoseThatTheOthersChoose) {
  const CompiledQuery compiled = CompileText(R"pb(
    measure: MEASURE_RESULTS
    statistic: STATISTIC_COUNT
    filters { field: FILTER_FIELD_CATEGORY comparison: COMPARISON_EQUAL text: "billing" }
    filters { field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL text: "false" })pb");
  EXPECT_THAT(compiled.sql, HasSubstr("count(*) FILTER (WHERE NOT r.success)"));
  EXPECT_THAT(compiled.sql, HasSubstr("AND r.category = $3::text"));
}

TEST(SqlCompilerTest, AShareIsCountedAmongThoseThatAreNamed) {
  const CompiledQuery compiled = CompileText(R"pb(
    measure: MEASURE_RESULTS
    statistic: STATISTIC_SHARE
    among { field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL text: "true" }
    filters { field: FILTER_FIELD_LATENCY comparison: COMPARISON_LESS number: 300 }
    filters { field: FILTER_FIELD_CATEGORY comparison: COMPARISON_EQUAL text: "billing" })pb");
  EXPECT_THAT(compiled.sql, HasSubstr("r.test_run_id = $2::uuid AND r.success"));
  EXPECT_THAT(compiled.sql, HasSubstr("FILTER (WHERE r.latency_us / 1000.0::float8 < $3::float8 AND r.category = $4"));
}

TEST(SqlCompilerTest, AllButASliceLeavesOutThoseWithoutAValueToo) {
  const CompiledQuery compiled = CompileText(R"pb(
    measure: MEASURE_LATENCY
    statistic: STATISTIC_MEAN
    slices { measure: MEASURE_LATENCY order: ORDER_DESCENDING share: 0.1 exclude: true })pb");
  EXPECT_THAT(compiled.sql, HasSubstr("IS NOT NULL AND (r.test_run_id, r.prompt_id) NOT IN"));
  EXPECT_THAT(compiled.sql, HasSubstr("ceil(0.1::numeric"));
}

TEST(SqlCompilerTest, OneOfSeveralConditionsIsEnough) {
  const CompiledQuery compiled = CompileText(R"pb(
    measure: MEASURE_RESULTS
    statistic: STATISTIC_LIST
    filters {
      any_of { field: FILTER_FIELD_SUCCESS comparison: COMPARISON_EQUAL text: "false" }
      any_of { field: FILTER_FIELD_LATENCY comparison: COMPARISON_GREATER number: 5000 }
    })pb");
  EXPECT_THAT(compiled.sql, HasSubstr("(NOT r.success OR r.latency_us / 1000.0::float8 > $3::float8)"));
}

TEST(SqlCompilerTest, ALengthOfNoUnitIsTokensAndCharacters) {
  pb::Query query;
  query.set_measure(pb::MEASURE_RESPONSE_LENGTH);
  query.set_statistic(pb::STATISTIC_MEAN);
  const std::vector<pb::Figure> figures = FiguresOf(query);
  ASSERT_EQ(figures.size(), 2);
  EXPECT_EQ(figures[0].measure(), pb::MEASURE_OUTPUT_TOKENS);
  EXPECT_EQ(figures[1].measure(), pb::MEASURE_RESPONSE_CHARACTERS);
}

}  // namespace
}  // namespace ftl::analytics
