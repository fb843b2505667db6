#include "services/analytics/rpc/analytics_fixture.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>

namespace ftl::analytics {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

TEST_F(AnalyticsTest, MetricsAreExactAndOfSuccessesOnly) {
  pb::GetMetricsRequest request;
  request.set_test_run_id(kRun);  // a run's id alone is enough
  const auto metrics = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->total_prompts(), 10);
  EXPECT_EQ(metrics->completed_prompts(), 8);
  EXPECT_EQ(metrics->failed_prompts(), 2);
  EXPECT_EQ(metrics->success_rate(), 80);
  EXPECT_NEAR(metrics->success_interval().low(), 49.02, 0.01);
  EXPECT_NEAR(metrics->success_interval().high(), 94.33, 0.01);
  // 1, 2, 4, 5, 6, 8, 9 and 10 times 300.5 ms.
  EXPECT_NEAR(Milliseconds(metrics->avg_latency()), 45.0 / 8 * 300.5, 0.002);
  EXPECT_NEAR(Milliseconds(metrics->p50_latency()), 5.5 * 300.5, 0.002);
  EXPECT_NEAR(Milliseconds(metrics->p95_latency()), 9.65 * 300.5, 0.002);
  EXPECT_NEAR(Milliseconds(metrics->max_latency()), 3005, 0.002);
  EXPECT_NEAR(Milliseconds(metrics->avg_ttft()), 56.25, 0.002);
  EXPECT_EQ(metrics->total_input_tokens(), 155);
  EXPECT_EQ(metrics->total_output_tokens(), 1800);
  EXPECT_EQ(metrics->avg_output_tokens(), 225);
  EXPECT_NEAR(metrics->output_tokens_per_second(), 1800 / (45 * 0.3005), 0.001);
  EXPECT_THAT(metrics->errors_by_type(),
              testing::UnorderedElementsAre(testing::Pair("timeout", 1), testing::Pair("rate_limit", 1)));
  EXPECT_EQ(metrics->checks_failed(), 1);
}

TEST_F(AnalyticsTest, MetricsUpToASequenceAgreeWithTheRowsUpToIt) {
  pb::GetMetricsRequest request;
  request.set_session_id(session_id_);
  request.set_test_run_id(kRun);
  request.set_up_to_sequence(4);
  const auto metrics = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->completed_prompts(), 3);
  EXPECT_EQ(metrics->failed_prompts(), 1);
  EXPECT_EQ(metrics->total_output_tokens(), 40 * (1 + 2 + 4));
}

TEST_F(AnalyticsTest, AnEndedRunsMetricsAreKeptAndEqualThoseThatAreWorkedOut) {
  pb::GetMetricsRequest request;
  request.set_session_id(session_id_);
  pb::GetLatencyDistributionRequest distribution;
  distribution.set_test_run_id(kRun);
  const auto ask = [&] {
    auto metrics = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
    auto latency = Call<pb::GetLatencyDistributionResponse>(&pb::AnalyticsService::Stub::async::GetLatencyDistribution,
                                                            distribution);
    EXPECT_TRUE(metrics.ok()) << metrics.status();
    EXPECT_TRUE(latency.ok()) << latency.status();
    return std::make_pair(*std::move(metrics), *std::move(latency));
  };
  // All but when it ended.
  const auto expect_same = [](auto one, auto other) {
    one.first.clear_completed_at();
    other.first.clear_completed_at();
    EXPECT_TRUE(MessageDifferencer::Equals(one.first, other.first)) << other.first.DebugString();
    EXPECT_TRUE(MessageDifferencer::Equals(one.second, other.second)) << other.second.DebugString();
  };
  test_database_.Execute("UPDATE demo_batch_test_runs SET status = 'running', completed_at = NULL");
  const auto going_on = ask();
  EXPECT_EQ(Kept(), "");
  test_database_.Execute("UPDATE demo_batch_test_runs SET status = 'completed', completed_at = now()");
  const auto worked_out = ask();
  EXPECT_NE(Kept(), "");
  // What is not read any more may change.
  test_database_.Execute("UPDATE demo_batch_test_results SET latency_us = 7, output_tokens = 7");
  const auto kept = ask();
  expect_same(going_on, worked_out);
  expect_same(going_on, kept);
  EXPECT_THAT(Text("How did it go?"), HasSubstr("1.69"));
  // Of another format, of other results, or of nothing at all: worked out anew.
  for (const char* made_unfit : {"jsonb_set(summary, '{format}', '0')", "jsonb_set(summary, '{results}', '9')",
                                 "'{\"format\": 2, \"results\": 10, \"metrics\": 3}'", "'[]'"}) {
    test_database_.Execute(fmt::format("UPDATE demo_batch_test_runs SET summary = {}", made_unfit));
    EXPECT_EQ(ask().first.total_output_tokens(), 70) << made_unfit;
  }
}

TEST_F(AnalyticsTest, WhatIsKeptAnswersNoQuestionAboutAPart) {
  pb::GetMetricsRequest request;
  request.set_test_run_id(kRun);
  const auto completed = [&] {
    const auto metrics = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
    return metrics.ok() ? metrics->completed_prompts() : -1;
  };
  EXPECT_EQ(completed(), 8);
  request.set_up_to_sequence(4);
  EXPECT_EQ(completed(), 3);
  request.set_up_to_run_id(kOtherRun);
  EXPECT_EQ(completed(), 8);
  request.clear_up_to_run_id();
  request.set_up_to_sequence(10);
  EXPECT_EQ(completed(), 8);
  pb::GetLatencyDistributionRequest distribution;
  distribution.set_test_run_id(kRun);
  distribution.set_up_to_sequence(4);
  EXPECT_EQ(
      Call<pb::GetLatencyDistributionResponse>(&pb::AnalyticsService::Stub::async::GetLatencyDistribution, distribution)
          ->count(),
      3);
}

TEST_F(AnalyticsTest, TheOpeningOfAnEndedRunIsToldOfWhatIsKept) {
  const auto opening = [&] {
    const auto told = Ask({});
    return told.ok() ? told->text : std::string(told.status().message());
  };
  test_database_.Execute("UPDATE demo_batch_test_runs SET status = 'running', completed_at = NULL");
  EXPECT_TRUE(Ask({}).ok());
  test_database_.Execute("UPDATE demo_batch_test_runs SET status = 'completed', completed_at = now()");
  const std::string worked_out = opening();
  test_database_.Execute("UPDATE demo_batch_test_results SET category = NULL, finish_reason = 'stop', success = true");
  EXPECT_EQ(opening(), worked_out);
  EXPECT_THAT(Text("How many billing prompts are there?"), HasSubstr("0"));
}

TEST_F(AnalyticsTest, SaysWhichOfSessionAndRunIsWrong) {
  pb::GetMetricsRequest request;
  auto reason = [&] {
    return ReasonOf(Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request).status());
  };
  EXPECT_EQ(reason(), Reason::kInvalidField);
  request.set_session_id("demo-" + std::string(64, 'c'));
  EXPECT_EQ(reason(), Reason::kSessionNotFound);
  request.set_session_id(session_id_);
  request.set_test_run_id(kOtherRun);
  EXPECT_EQ(reason(), Reason::kRunNotFound);
  request.set_test_run_id("7");
  EXPECT_EQ(reason(), Reason::kRunNotFound);
  test_database_.Execute("UPDATE demo_session_expiry SET expires_at = now()");
  request.set_test_run_id("");
  EXPECT_EQ(reason(), Reason::kSessionExpired);
}

TEST_F(AnalyticsTest, BucketsAreReadableEqualAndHoldEverySuccess) {
  pb::GetLatencyDistributionRequest request;
  request.set_session_id(session_id_);
  const auto told =
      Call<pb::GetLatencyDistributionResponse>(&pb::AnalyticsService::Stub::async::GetLatencyDistribution, request);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->count(), 8);
  int count = 0;
  double next = Milliseconds(told->buckets(0).from());
  for (const auto& bucket : told->buckets()) {
    EXPECT_EQ(Milliseconds(bucket.from()), next);
    next = Milliseconds(bucket.to());
    EXPECT_EQ(next - Milliseconds(bucket.from()), 500);
    count += bucket.count();
  }
  EXPECT_EQ(count, 8);
  EXPECT_NEAR(Milliseconds(told->p50()), 5.5 * 300.5, 0.002);
}

TEST_F(AnalyticsTest, AReportIsToldTheSameWithoutTheInvitation) {
  pb::SummarizeRequest request;
  request.set_test_run_id(kRun);
  const auto told = Call<pb::SummarizeResponse>(&pb::AnalyticsService::Stub::async::Summarize, request);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(Ask({})->text, told->text() + "\n\nWhat would you like to know?");
  request.set_test_run_id("b6a1c2d3-0000-4000-8000-00000000000f");
  const auto unknown = Call<pb::SummarizeResponse>(&pb::AnalyticsService::Stub::async::Summarize, request);
  EXPECT_EQ(ReasonOf(unknown.status()), Reason::kRunNotFound);
}

TEST_F(AnalyticsTest, BucketsEndWhereTheSnapshotDoes) {
  pb::GetLatencyDistributionRequest request;
  request.set_test_run_id(kRun);
  request.set_up_to_sequence(4);
  const auto told =
      Call<pb::GetLatencyDistributionResponse>(&pb::AnalyticsService::Stub::async::GetLatencyDistribution, request);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->count(), 3);
}

TEST_F(TwoRunsTest, MetricsSayHowTheyWereFoundAndHowLongTheRunTook) {
  pb::GetMetricsRequest request;
  request.set_session_id(session_id_);
  request.set_test_run_id(kSecondRun);
  const auto metrics = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->n(), 10);
  EXPECT_EQ(metrics->percentile_method(), "linear");
  EXPECT_EQ(metrics->answers_without_text(), 0);
  EXPECT_EQ(Milliseconds(metrics->duration()), 4000);
  EXPECT_EQ(metrics->requests_per_second(), 2.5);
  EXPECT_EQ(metrics->completed_at().seconds() - metrics->started_at().seconds(), 4);
  test_database_.Execute(fmt::format(
      "UPDATE demo_batch_test_results SET outcome = 'reasoning_only', response = NULL WHERE prompt_id = 2;"
      "UPDATE demo_batch_test_runs SET status = 'running', summary = NULL, completed_at = NULL WHERE id = '{}'",
      kSecondRun));
  const auto going = Call<pb::GetMetricsResponse>(&pb::AnalyticsService::Stub::async::GetMetrics, request);
  EXPECT_EQ(going->answers_without_text(), 1);
  EXPECT_TRUE(going->has_started_at());
  EXPECT_FALSE(going->has_completed_at() || going->has_duration() || going->has_requests_per_second());
}

}  // namespace
}  // namespace ftl::analytics
