#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "common/time/proto_time.h"
#include "services/batch-runner/bench/arrivals.h"
#include "services/batch-runner/bench/load_figures.h"
#include "services/batch-runner/bench/prompt_fitter.h"
#include "services/batch-runner/bench/sweep.h"

namespace ftl::batch_runner {
namespace {

TEST(ArrivalsTest, ConstantOnesComeAtEqualDistances) {
  Arrivals arrivals(pb::ARRIVAL_PATTERN_CONSTANT, 4, 1);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(arrivals.Next(), i * absl::Milliseconds(250));
}

TEST(ArrivalsTest, PoissonOnesHaveTheirRateAndTheSpreadOfIndependentCalls) {
  Arrivals arrivals(pb::ARRIVAL_PATTERN_POISSON, 50, 7);
  constexpr int kCalls = 20'000;
  EXPECT_EQ(arrivals.Next(), absl::ZeroDuration());
  double squares = 0;
  absl::Duration last;
  for (int i = 1; i < kCalls; ++i) {
    const absl::Duration next = arrivals.Next();
    ASSERT_GE(next, last);
    squares += std::pow(absl::ToDoubleSeconds(next - last) * 50, 2);
    last = next;
  }
  EXPECT_NEAR((kCalls - 1) / absl::ToDoubleSeconds(last), 50, 1.5);
  EXPECT_NEAR(squares / kCalls, 2, 0.1) << "the second moment of an exponential gap is twice its mean's square";
}

TEST(StopRuleTest, EndsByNumberOrByTime) {
  const StopRule by_number{3, absl::InfiniteDuration()};
  EXPECT_TRUE(by_number.MayBegin(2, absl::Hours(9)));
  EXPECT_FALSE(by_number.MayBegin(3, absl::ZeroDuration()));
  const StopRule by_time{100, absl::Seconds(2)};
  EXPECT_TRUE(by_time.MayBegin(99, absl::Seconds(1)));
  EXPECT_FALSE(by_time.MayBegin(0, absl::Seconds(2)));
}

double KneeOf(double first, double capacity, int& tries) {
  Sweep sweep(first);
  for (tries = 0; sweep.rate(); ++tries) {
    EXPECT_LT(*sweep.rate(), 2.01 * std::max(first, capacity)) << "far beyond saturation";
    sweep.Tried(*sweep.rate() <= capacity);
  }
  return sweep.knee().value_or(0);
}

TEST(SweepTest, FindsTheHighestRateThatIsCarried) {
  int tries = 0;
  const double knee = KneeOf(1, 23, tries);
  EXPECT_LE(knee, 23);
  EXPECT_GE(knee, 23 - 16.0 / 16);
  EXPECT_EQ(tries, 6 + Sweep::kHalvings);
}

TEST(SweepTest, LooksBelowWhereTheFirstRateIsTooHigh) {
  int tries = 0;
  const double knee = KneeOf(16, 5, tries);
  EXPECT_LE(knee, 5);
  EXPECT_GE(knee, 4);
  EXPECT_EQ(KneeOf(8, 0, tries), 0) << "nothing is carried";
}

TEST(SweepTest, StopsAtTheHighestRateThatIsTried) {
  int tries = 0;
  EXPECT_EQ(KneeOf(300, 1e9, tries), Sweep::kHighest);
  EXPECT_EQ(tries, 3);
}

TEST(SpreadTest, PercentilesAreLinearBetweenRanksWithIntervalsByOrder) {
  std::vector<absl::Duration> spans;
  for (int i = 100; i >= 0; --i) spans.push_back(absl::Milliseconds(i));
  const pb::Spread spread = SpreadOf(spans);
  EXPECT_EQ(FromProto(spread.p50()), absl::Milliseconds(50));
  EXPECT_EQ(FromProto(spread.p90()), absl::Milliseconds(90));
  EXPECT_EQ(FromProto(spread.mean()), absl::Milliseconds(50));
  EXPECT_EQ(FromProto(spread.p50_interval().low()), absl::Milliseconds(40));
  EXPECT_EQ(FromProto(spread.p50_interval().high()), absl::Milliseconds(61));
  EXPECT_FALSE(spread.has_p99_interval()) << "too few to tell";
  EXPECT_FALSE(SpreadOf({}).has_mean());
  EXPECT_EQ(FromProto(SpreadOf({absl::Seconds(1)}).p99()), absl::Seconds(1));
}

LoadSample Success(absl::Duration latency, absl::Duration scheduled) {
  return {.success = true,
          .latency = latency,
          .since_scheduled_start = scheduled,
          .ttft = latency / 2,
          .itl = latency / 100,
          .prompt_tokens = 10,
          .output_tokens = 20};
}

pb::BenchmarkPlan OpenPlan() {
  pb::BenchmarkPlan plan;
  plan.set_mode(pb::BENCHMARK_MODE_OPEN);
  *plan.mutable_slo()->mutable_latency() = ToProto(absl::Milliseconds(150));
  *plan.mutable_slo()->mutable_ttft() = ToProto(absl::Milliseconds(60));
  return plan;
}

TEST(LoadFiguresTest, CountsWhatKeepsTheSloSinceItsScheduledStart) {
  std::vector<LoadSample> samples(10, Success(absl::Milliseconds(100), absl::Milliseconds(101)));
  samples[0] = Success(absl::Milliseconds(100), absl::Milliseconds(151));
  samples[1] = Success(absl::Milliseconds(130), absl::Milliseconds(130));
  samples[2] = {.success = false, .error_type = finetunelab::endpoint::v1::ERROR_TYPE_TIMEOUT};
  const pb::BenchmarkPoint point = FiguresOf(OpenPlan(), samples, {absl::Seconds(2), absl::Seconds(1.9), 0});
  EXPECT_DOUBLE_EQ(point.goodput(), 3.5) << "one was late, one's first token was, one failed";
  EXPECT_DOUBLE_EQ(point.requests_per_second(), 4.5);
  EXPECT_DOUBLE_EQ(point.output_tokens_per_second(), 90);
  EXPECT_EQ(point.errors_by_type().at("timeout"), 1);
  EXPECT_EQ(point.latency().n(), 9);
  EXPECT_FALSE(point.carried()) << "a tenth failed";
}

TEST(LoadFiguresTest, SaysWhereTimesSinceTheScheduledStartPartFromServiceTimes) {
  const std::vector<LoadSample> apart(20, Success(absl::Milliseconds(100), absl::Milliseconds(300)));
  const pb::BenchmarkPoint late = FiguresOf(OpenPlan(), apart, {absl::Seconds(2), absl::Seconds(1.9), 0});
  EXPECT_EQ(late.warnings_size(), 1);
  EXPECT_FALSE(late.carried());
  const std::vector<LoadSample> together(20, Success(absl::Milliseconds(100), absl::Milliseconds(110)));
  const pb::BenchmarkPoint fine = FiguresOf(OpenPlan(), together, {absl::Seconds(2), absl::Seconds(1.9), 0});
  EXPECT_EQ(fine.warnings_size(), 0);
  EXPECT_TRUE(fine.carried());
}

TEST(LoadFiguresTest, AModelThatAnswersLongAfterTheLastCallBeganDidNotKeepUp) {
  const std::vector<LoadSample> slow(20, Success(absl::Milliseconds(800), absl::Milliseconds(810)));
  EXPECT_FALSE(FiguresOf(OpenPlan(), slow, {absl::Seconds(4), absl::Seconds(2), 0}).carried());
  EXPECT_TRUE(FiguresOf(OpenPlan(), slow, {absl::Seconds(2.8), absl::Seconds(2), 0}).carried());
  EXPECT_FALSE(FiguresOf(OpenPlan(), slow, {absl::Seconds(2.8), absl::Seconds(2), 1}).carried());
}

// As a model counts that gives every word its share and a lone `a` at the end one token.
int TokensOf(std::string_view prompt, int per_prompt, double per_word) {
  int pads = 0;
  for (; prompt.ends_with(" a"); prompt.remove_suffix(2)) ++pads;
  const auto words = 1 + std::count(prompt.begin(), prompt.end(), ' ');
  return per_prompt + static_cast<int>(per_word * static_cast<double>(words)) + pads;
}

TEST(PromptFitterTest, FindsAPromptOfExactlySoManyTokensInAFewQuestions) {
  for (const int wanted : {64, 128, 1000, 20'000}) {
    for (const double per_word : {1.0, 1.31, 1.7}) {
      PromptFitter fitter(wanted);
      int asked = 0;
      for (; !fitter.is_settled(); ++asked) fitter.Counted(TokensOf(fitter.prompt(), 9, per_word));
      EXPECT_EQ(TokensOf(fitter.prompt(), 9, per_word), wanted) << per_word;
      EXPECT_LE(asked, 5);
    }
  }
}

TEST(PromptFitterTest, GivesUpWhereTheServiceAddsMoreThanIsWanted) {
  PromptFitter fitter(16);
  for (int i = 0; i < PromptFitter::kMostQuestions; ++i) fitter.Counted(40);
  EXPECT_TRUE(fitter.is_settled());
}

}  // namespace
}  // namespace ftl::batch_runner
