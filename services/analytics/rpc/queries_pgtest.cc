#include "services/analytics/rpc/analytics_fixture.h"

#include <gmock/gmock.h>

namespace ftl::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(TwoRunsTest, RunsAreComparedPromptByPrompt) {
  const auto told = Compared(kRun, kSecondRun);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->n_pairs(), 9);
  EXPECT_EQ(told->success().both(), 6);  // 2, 4, 5, 6, 8 and 10
  EXPECT_EQ(told->success().only_base(), 1);
  EXPECT_EQ(told->success().only_other(), 1);
  EXPECT_EQ(told->success().neither(), 1);
  EXPECT_EQ(told->success().p_value(), 1);
  EXPECT_EQ(told->latency_ms().n_pairs(), 6);
  EXPECT_EQ(told->latency_ms().faster(), 1);
  EXPECT_EQ(told->latency_ms().slower(), 5);
  EXPECT_EQ(told->latency_ms().median_difference(), 50);
  EXPECT_EQ(told->output_tokens().median_difference(), 5.5);
  EXPECT_THAT(told->better(), ElementsAre(7));
  EXPECT_THAT(told->worse(), ElementsAre(1));
  ASSERT_EQ(told->by_category_size(), 2);
  EXPECT_EQ(told->by_category(0).category(), "billing");
  EXPECT_EQ(told->by_category(0).n_pairs(), 4);
  const auto back = Compared(kSecondRun, kRun);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->latency_ms().median_difference(), -50);
  EXPECT_EQ(back->latency_ms().interval().low(), -told->latency_ms().interval().high());
  EXPECT_THAT(back->better(), ElementsAre(1));
}

TEST_F(TwoRunsTest, RunsAreComparedUpToTheSequenceThatIsAskedFor) {
  pb::CompareRunsRequest request;
  request.set_base(kRun);
  request.set_other(kSecondRun);
  request.set_up_to_sequence(5);
  request.set_up_to_run_id(kSecondRun);
  const auto told = Call<pb::CompareRunsResponse>(&pb::AnalyticsService::Stub::async::CompareRuns, request);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->n_pairs(), 5);
}

TEST_F(TwoRunsTest, OnlyRunsOfOneSessionAreCompared) {
  EXPECT_EQ(ReasonOf(Compared(kRun, kOtherRun).status()), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Compared(kOtherRun, kRun).status()), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Compared("7", kRun).status()), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Compared(kRun, "").status()), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Compared(kRun, kRun).status()), Reason::kInvalidField);
}

TEST_F(TwoRunsTest, GroupsHaveTheirNumbersAndIntervals) {
  pb::GroupResultsRequest request;
  request.set_session_id(session_id_);
  request.set_test_run_id(kRun);
  auto groups = [&](pb::Grouping grouping) {
    request.set_group_by(grouping);
    return Call<pb::GroupResultsResponse>(&pb::AnalyticsService::Stub::async::GroupResults, request);
  };
  const auto told = groups(pb::GROUPING_CATEGORY);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->groups_size(), 2);
  const pb::ResultGroup& billing = told->groups(0);  // 1, 3, 5, 7 and 9, of which 3 and 7 failed
  EXPECT_EQ(billing.group(), "billing");
  EXPECT_EQ(billing.n(), 5);
  EXPECT_EQ(billing.success_rate(), 60);
  EXPECT_NEAR(billing.success_interval().low(), 23.07, 0.01);
  EXPECT_NEAR(billing.success_interval().high(), 88.24, 0.01);
  EXPECT_NEAR(Milliseconds(billing.avg_latency()), 5 * 300.5, 0.002);
  EXPECT_NEAR(Milliseconds(billing.p50_latency()), 5 * 300.5, 0.002);
  EXPECT_NEAR(Milliseconds(billing.p95_latency()), 8.6 * 300.5, 0.002);
  EXPECT_EQ(billing.avg_output_tokens(), 200);
  EXPECT_EQ(billing.checks_passed(), 1);
  EXPECT_EQ(groups(pb::GROUPING_HALF)->groups(0).group(), "first half");
  EXPECT_EQ(groups(pb::GROUPING_ERROR_TYPE)->groups_size(), 2);
  EXPECT_FALSE(groups(pb::GROUPING_ERROR_TYPE)->groups(0).has_avg_latency());
  request.clear_test_run_id();
  const auto runs = groups(pb::GROUPING_RUN);
  ASSERT_EQ(runs->groups_size(), 2);
  EXPECT_EQ(runs->groups(0).n(), 10);
  EXPECT_EQ(ReasonOf(groups(pb::GROUPING_UNSPECIFIED).status()), Reason::kInvalidField);
}

TEST_F(TwoRunsTest, AQueryIsAnsweredAsAtlasAnswersIt) {
  pb::RunQueryRequest request;
  request.set_session_id(session_id_);
  request.set_test_run_id(kRun);
  auto run = [&] { return Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request); };
  request.mutable_query()->set_measure(pb::MEASURE_LATENCY);
  request.mutable_query()->set_statistic(pb::STATISTIC_MEAN);
  request.mutable_query()->set_group_by(pb::GROUPING_CATEGORY);
  const auto told = run();
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_THAT(told->columns(), ElementsAre("category", "avg_latency_ms", "n"));
  ASSERT_EQ(told->rows_size(), 2);
  EXPECT_EQ(told->rows(0).values(0).string_value(), "billing");
  EXPECT_NEAR(told->rows(0).values(1).number_value(), 1502.5, 0.001);
  EXPECT_EQ(told->total(), 2);
  EXPECT_THAT(told->query_text(), testing::AllOf(HasSubstr("latency"), HasSubstr("category")));
  request.mutable_query()->set_limit(1001);
  EXPECT_EQ(ReasonOf(run().status()), Reason::kInvalidField);
  request.clear_query();
  EXPECT_EQ(ReasonOf(run().status()), Reason::kInvalidField);
}

TEST_F(TwoRunsTest, AnotherRunIsTheOneThatIsTold) {
  pb::RunQueryRequest request;
  request.set_session_id(session_id_);
  pb::Query& query = *request.mutable_query();
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_LIST);
  pb::Filter& there = *query.add_filters();
  there.set_field(pb::FILTER_FIELD_SUCCESS);
  there.set_comparison(pb::COMPARISON_EQUAL);
  there.set_text("true");
  pb::Filter& own = *query.add_filters();
  own.set_field(pb::FILTER_FIELD_RUN);
  own.set_comparison(pb::COMPARISON_EQUAL);
  own.set_number(1);
  auto run = [&](double in_run) {
    there.set_in_run(in_run);
    return Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request);
  };
  const auto first = run(1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->total(), 8);
  const auto before = run(-1);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->query_text(), first->query_text());
  EXPECT_EQ(before->total(), 8);
  const auto second = run(2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->total(), 7);  // of 2, 4, 5, 6, 7, 8, 9 and 10, the ninth in other words
  const auto latest = run(0);
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->query_text(), second->query_text());
  EXPECT_EQ(latest->total(), 7);
  query.set_all_runs(true);
  query.mutable_filters()->RemoveLast();
  there.set_in_run(3);
  EXPECT_EQ(ReasonOf(Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request).status()),
            Reason::kRunNotFound);
}

TEST_F(TwoRunsTest, GroupsAreHeldAgainstTheFigureOfThemAllTogether) {
  // 3 and 7 failed, 1 passed its checks and 8 did not; the others have neither.
  test_database_.Execute(fmt::format(
      "UPDATE demo_batch_test_results SET attempts = CASE prompt_id WHEN 3 THEN 3 WHEN 7 THEN 7 WHEN 1 THEN 6 WHEN 8 "
      "THEN 4 ELSE 9 END WHERE test_run_id = '{}'",
      kRun));
  pb::RunQueryRequest request;
  request.set_session_id(session_id_);
  request.set_test_run_id(kRun);
  pb::Query& query = *request.mutable_query();
  query.set_measure(pb::MEASURE_ATTEMPTS);
  query.set_statistic(pb::STATISTIC_MEAN);
  query.mutable_having()->set_comparison(pb::COMPARISON_GREATER);
  query.mutable_having()->set_than_all(true);
  for (const auto& [grouping, name] :
       {std::pair(pb::GROUPING_ERROR_TYPE, "rate_limit"), std::pair(pb::GROUPING_CHECKS_PASSED, "checks passed")}) {
    query.set_group_by(grouping);
    const auto told = Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request);
    ASSERT_TRUE(told.ok()) << told.status();
    ASSERT_EQ(told->rows_size(), 1) << name;
    EXPECT_EQ(told->rows(0).values(0).string_value(), name);
  }
}

// Whatever passes the rules runs.
TEST_F(TwoRunsTest, NoQueryThatPassesTheRulesFailsInTheDatabase) {
  pb::RunQueryRequest request;
  request.set_session_id(session_id_);
  int ran = 0;
  for (int measure = pb::Measure_MIN; measure <= pb::Measure_MAX; ++measure) {
    for (int statistic = pb::Statistic_MIN; statistic <= pb::Statistic_MAX; ++statistic) {
      for (const auto& [grouping, bounded] :
           {std::pair(pb::GROUPING_UNSPECIFIED, false), std::pair(pb::GROUPING_RUN, false),
            std::pair(pb::GROUPING_HALF, false), std::pair(pb::GROUPING_HALF, true)}) {
        request.clear_query();
        pb::Query& query = *request.mutable_query();
        query.set_measure(static_cast<pb::Measure>(measure));
        query.set_statistic(static_cast<pb::Statistic>(statistic));
        query.set_group_by(grouping);
        if (statistic == pb::STATISTIC_PERCENTILE) query.set_percentile(75);
        if (statistic == pb::STATISTIC_CORRELATION) query.set_against(pb::MEASURE_TTFT);
        if (bounded) {
          query.mutable_having()->set_comparison(pb::COMPARISON_GREATER);
          query.mutable_having()->set_than_all(true);
        }
        const auto told = Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request);
        ran += told.ok();
        EXPECT_TRUE(told.ok() || ReasonOf(told.status()) == Reason::kInvalidField)
            << query.ShortDebugString() << told.status();
      }
    }
  }
  EXPECT_GT(ran, 300);
}

TEST_F(TwoRunsTest, NoFilterThatPassesTheRulesFailsInTheDatabase) {
  pb::RunQueryRequest request;
  request.set_session_id(session_id_);
  int ran = 0;
  for (int field = pb::FilterField_MIN; field <= pb::FilterField_MAX; ++field) {
    for (int comparison = pb::Comparison_MIN; comparison <= pb::Comparison_MAX; ++comparison) {
      for (const std::string kind : {"number", "number in run", "text", "text in run", "than", "than of"}) {
        request.clear_query();
        pb::Query& query = *request.mutable_query();
        query.set_measure(pb::MEASURE_RESULTS);
        query.set_statistic(pb::STATISTIC_COUNT);
        pb::Filter& filter = *query.add_filters();
        filter.set_field(static_cast<pb::FilterField>(field));
        filter.set_comparison(static_cast<pb::Comparison>(comparison));
        if (kind.ends_with("in run")) filter.set_in_run(1);
        if (kind.starts_with("text")) {
          filter.set_text("true");
        } else if (kind.starts_with("than")) {
          filter.set_than(pb::STATISTIC_MEAN);
          if (kind == "than of") {
            pb::Filter& of = *filter.add_than_of();
            of.set_field(pb::FILTER_FIELD_CATEGORY);
            of.set_comparison(pb::COMPARISON_EQUAL);
            of.set_text("billing");
          }
        } else {
          filter.set_number(1);
          if (comparison == pb::COMPARISON_BETWEEN) filter.set_number_to(2);
          if (comparison == pb::COMPARISON_IN || comparison == pb::COMPARISON_NOT_IN) filter.add_numbers(1);
        }
        const auto told = Call<pb::RunQueryResponse>(&pb::AnalyticsService::Stub::async::RunQuery, request);
        ran += told.ok();
        EXPECT_TRUE(told.ok() || ReasonOf(told.status()) == Reason::kInvalidField)
            << query.ShortDebugString() << told.status();
      }
    }
  }
  EXPECT_GT(ran, 200);
}

}  // namespace
}  // namespace ftl::analytics
