#include "services/batch-runner/bench/load_figures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kNoticeable = absl::Milliseconds(50);
constexpr double kNoticeableShare = 0.1;
constexpr double kMostErrors = 0.01;
constexpr double kLeastShare = 0.9;
constexpr double kSigmas95 = 1.959964;

std::optional<pb::SpanInterval> IntervalOf(const std::vector<absl::Duration>& sorted, double share) {
  const auto n = static_cast<double>(sorted.size());
  const double reach = kSigmas95 * std::sqrt(n * share * (1 - share));
  const double low = std::floor(n * share - reach);
  const double high = std::ceil(n * share + reach);
  if (low < 0 || high > n - 1) return std::nullopt;
  pb::SpanInterval interval;
  *interval.mutable_low() = ToProto(sorted[static_cast<size_t>(low)]);
  *interval.mutable_high() = ToProto(sorted[static_cast<size_t>(high)]);
  return interval;
}

bool Keeps(const pb::BenchmarkSlo& slo, const LoadSample& sample) {
  const auto within = [](bool is_asked, const google::protobuf::Duration& most, std::optional<absl::Duration> span) {
    return !is_asked || (span && *span <= FromProto(most));
  };
  return within(slo.has_ttft(), slo.ttft(), sample.ttft) && within(slo.has_itl(), slo.itl(), sample.itl) &&
         within(slo.has_latency(), slo.latency(), sample.since_scheduled_start.value_or(sample.latency));
}

bool Parts(const pb::BenchmarkPoint& point) {
  if (!point.has_since_scheduled_start() || !point.latency().has_p90()) return false;
  const absl::Duration service = FromProto(point.latency().p90());
  const absl::Duration lag = FromProto(point.since_scheduled_start().p90()) - service;
  return lag > std::max(kNoticeable, service * kNoticeableShare);
}

bool IsCarried(const pb::BenchmarkPoint& point, const LoadCourse& course) {
  const int successes = point.requests() - point.errors();
  if (successes == 0 || course.not_begun > 0 || point.errors() > kMostErrors * point.requests() || Parts(point)) {
    return false;
  }
  // The answers to the last calls come when no more begin.
  const absl::Duration answering = course.duration - FromProto(point.latency().p50());
  return answering <= absl::ZeroDuration() ||
         absl::FDivDuration(course.schedule, answering) * successes >= kLeastShare * point.requests();
}

template <typename Give>
std::vector<absl::Duration> Collect(const std::vector<LoadSample>& samples, Give give) {
  std::vector<absl::Duration> spans;
  for (const LoadSample& sample : samples) {
    const std::optional<absl::Duration> span = give(sample);
    if (sample.success && span) spans.push_back(*span);
  }
  return spans;
}

}  // namespace

absl::Duration PercentileOf(const std::vector<absl::Duration>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (rank - static_cast<double>(below));
}

pb::Spread SpreadOf(std::vector<absl::Duration> spans) {
  pb::Spread spread;
  spread.set_n(static_cast<int32_t>(spans.size()));
  if (spans.empty()) return spread;
  std::sort(spans.begin(), spans.end());
  const absl::Duration sum = std::accumulate(spans.begin(), spans.end(), absl::ZeroDuration());
  *spread.mutable_mean() = ToProto(sum / static_cast<int64_t>(spans.size()));
  *spread.mutable_min() = ToProto(spans.front());
  *spread.mutable_max() = ToProto(spans.back());
  *spread.mutable_p50() = ToProto(PercentileOf(spans, 0.5));
  *spread.mutable_p90() = ToProto(PercentileOf(spans, 0.9));
  *spread.mutable_p99() = ToProto(PercentileOf(spans, 0.99));
  if (const auto interval = IntervalOf(spans, 0.5)) *spread.mutable_p50_interval() = *interval;
  if (const auto interval = IntervalOf(spans, 0.9)) *spread.mutable_p90_interval() = *interval;
  if (const auto interval = IntervalOf(spans, 0.99)) *spread.mutable_p99_interval() = *interval;
  return spread;
}

pb::BenchmarkPoint FiguresOf(const pb::BenchmarkPlan& plan, const std::vector<LoadSample>& samples,
                             const LoadCourse& course) {
  pb::BenchmarkPoint point;
  point.set_requests(static_cast<int32_t>(samples.size()));
  point.set_not_begun(course.not_begun);
  *point.mutable_duration() = ToProto(course.duration);
  int64_t prompt_tokens = 0;
  int64_t output_tokens = 0;
  int good = 0;
  for (const LoadSample& sample : samples) {
    if (!sample.success) {
      point.set_errors(point.errors() + 1);
      ++(*point.mutable_errors_by_type())[EnumWord(sample.error_type)];
      continue;
    }
    prompt_tokens += sample.prompt_tokens;
    output_tokens += sample.output_tokens;
    good += Keeps(plan.slo(), sample) ? 1 : 0;
  }
  const int successes = point.requests() - point.errors();
  const double seconds = absl::ToDoubleSeconds(course.duration);
  if (seconds > 0) {
    point.set_requests_per_second(successes / seconds);
    point.set_output_tokens_per_second(static_cast<double>(output_tokens) / seconds);
    if (plan.has_slo()) point.set_goodput(good / seconds);
  }
  if (successes > 0) {
    point.set_avg_prompt_tokens(static_cast<double>(prompt_tokens) / successes);
    point.set_avg_output_tokens(static_cast<double>(output_tokens) / successes);
  }
  *point.mutable_latency() = SpreadOf(Collect(samples, [](const LoadSample& s) { return std::optional(s.latency); }));
  *point.mutable_ttft() = SpreadOf(Collect(samples, [](const LoadSample& s) { return s.ttft; }));
  *point.mutable_itl() = SpreadOf(Collect(samples, [](const LoadSample& s) { return s.itl; }));
  *point.mutable_tpot() = SpreadOf(Collect(samples, [](const LoadSample& s) { return s.tpot; }));
  if (plan.mode() == pb::BENCHMARK_MODE_OPEN) {
    *point.mutable_since_scheduled_start() =
        SpreadOf(Collect(samples, [](const LoadSample& s) { return s.since_scheduled_start; }));
    point.set_carried(IsCarried(point, course));
  }
  if (course.not_begun > 0) {
    point.add_warnings(
        "Calls that were due did not begin, because as many as this program makes at a time were under way.");
  }
  if (Parts(point)) {
    point.add_warnings(
        "Answers come later after their scheduled start than after their own: calls wait before they are sent, so the "
        "latency by itself is too good.");
  }
  return point;
}

}  // namespace ftl::batch_runner
