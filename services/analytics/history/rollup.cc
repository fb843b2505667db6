#include "services/analytics/history/rollup.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/history/latency_bucket.h"
#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr int kMostDaysByHour = 2;
constexpr double kNanosPerDollar = 1e9;

absl::Time FloorTo(absl::Time moment, absl::Duration step) {
  return absl::UnixEpoch() + absl::Floor(moment - absl::UnixEpoch(), step);
}

bool IsError(const Rollup& rollup) { return rollup.status == "error" || rollup.status == "interrupted"; }

void AddBuckets(const std::vector<int64_t>& more, std::vector<int64_t>& sum) {
  sum.resize(std::max(sum.size(), more.size()));
  for (size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
}

std::optional<absl::Duration> MeanOf(int64_t micros, int64_t count) {
  if (count == 0) return std::nullopt;
  return absl::Microseconds(micros) / count;
}

// Sums of counters.
struct Sum {
  Rollup all;
  int64_t errors = 0;
  int64_t stopped = 0;

  void Add(const Rollup& rollup) {
    all.requests += rollup.requests;
    all.prompt_tokens += rollup.prompt_tokens;
    all.completion_tokens += rollup.completion_tokens;
    all.with_tokens += rollup.with_tokens;
    all.cost_nanos += rollup.cost_nanos;
    all.with_cost += rollup.with_cost;
    all.latency_us += rollup.latency_us;
    all.with_latency += rollup.with_latency;
    all.ttft_us += rollup.ttft_us;
    all.with_ttft += rollup.with_ttft;
    AddBuckets(rollup.latency_buckets, all.latency_buckets);
    AddBuckets(rollup.ttft_buckets, all.ttft_buckets);
    if (IsError(rollup)) errors += rollup.requests;
    if (rollup.status == "cancelled") stopped += rollup.requests;
  }
};

#define FTL_SET_SPAN(message, field, value) \
  if (const auto span = value) *(message).mutable_##field() = ToProto(*span)

pb::HistoryStep StepOf(absl::Time starts_at, const Sum& sum) {
  pb::HistoryStep step;
  *step.mutable_starts_at() = ToProto(starts_at);
  step.set_requests(sum.all.requests);
  step.set_errors(sum.errors);
  step.set_prompt_tokens(sum.all.prompt_tokens);
  step.set_completion_tokens(sum.all.completion_tokens);
  FTL_SET_SPAN(step, avg_response_time, MeanOf(sum.all.latency_us, sum.all.with_latency));
  FTL_SET_SPAN(step, p50_response_time, QuantileOf(sum.all.latency_buckets, 0.5));
  FTL_SET_SPAN(step, p95_response_time, QuantileOf(sum.all.latency_buckets, 0.95));
  if (sum.all.with_cost > 0) step.set_cost(static_cast<double>(sum.all.cost_nanos) / kNanosPerDollar);
  return step;
}

void FillTotals(const Sum& sum, pb::GetHistoryAnalyticsResponse& figures) {
  const Rollup& all = sum.all;
  figures.set_total_requests(all.requests);
  FTL_SET_SPAN(figures, avg_response_time, MeanOf(all.latency_us, all.with_latency));
  FTL_SET_SPAN(figures, p50_response_time, QuantileOf(all.latency_buckets, 0.5));
  FTL_SET_SPAN(figures, p95_response_time, QuantileOf(all.latency_buckets, 0.95));
  FTL_SET_SPAN(figures, p99_response_time, QuantileOf(all.latency_buckets, 0.99));
  pb::SpanFigures& ttft = *figures.mutable_ttft();
  FTL_SET_SPAN(ttft, avg, MeanOf(all.ttft_us, all.with_ttft));
  FTL_SET_SPAN(ttft, p50, QuantileOf(all.ttft_buckets, 0.5));
  FTL_SET_SPAN(ttft, p95, QuantileOf(all.ttft_buckets, 0.95));
  FTL_SET_SPAN(ttft, p99, QuantileOf(all.ttft_buckets, 0.99));
  const int64_t judged = all.requests - sum.stopped;
  if (judged > 0) figures.set_error_rate(100.0 * static_cast<double>(sum.errors) / static_cast<double>(judged));
  figures.set_prompt_tokens(all.prompt_tokens);
  figures.set_completion_tokens(all.completion_tokens);
  figures.set_total_tokens(all.prompt_tokens + all.completion_tokens);
  if (all.with_tokens > 0) {
    figures.set_avg_tokens_per_request(static_cast<double>(figures.total_tokens()) /
                                       static_cast<double>(all.with_tokens));
  }
  if (all.with_cost > 0) figures.set_cost(static_cast<double>(all.cost_nanos) / kNanosPerDollar);
  figures.set_requests_without_price(all.with_tokens - all.with_cost);
}

}  // namespace

RollupWindow LastDays(int days, absl::Time now) {
  constexpr absl::Duration kDay = absl::Hours(24);
  if (days <= kMostDaysByHour) return {.from = FloorTo(now - days * kDay, absl::Hours(1)), .by_hour = true};
  return {.from = FloorTo(now, kDay) - (days - 1) * kDay, .by_hour = false};
}

pb::GetHistoryAnalyticsResponse FiguresOf(const std::vector<Rollup>& rollups, const RollupWindow& window) {
  pb::GetHistoryAnalyticsResponse figures;
  Sum total;
  std::map<absl::Time, Sum> steps;
  for (const Rollup& rollup : rollups) {
    total.Add(rollup);
    steps[rollup.starts_at].Add(rollup);
    (*figures.mutable_requests_by_model())[rollup.model] += rollup.requests;
    (*figures.mutable_requests_by_provider())[rollup.service] += rollup.requests;
    if (!IsError(rollup)) continue;
    const bool is_interrupted = rollup.status == "interrupted";
    (*figures.mutable_errors_by_type())[is_interrupted ? rollup.status : rollup.error_type] += rollup.requests;
  }
  FillTotals(total, figures);
  figures.set_percentile_method("histogram");
  figures.set_series_step(window.by_hour ? "hour" : "day");
  for (const auto& [starts_at, sum] : steps) *figures.add_series() = StepOf(starts_at, sum);
  *figures.mutable_from() = ToProto(window.from);
  return figures;
}

}  // namespace ftl::analytics
