#include "services/export/report/charts.h"

#include <algorithm>

#include <fmt/format.h>

#include "services/export/chart/scale.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

constexpr int kSteps = 6;
constexpr int kLevels = 4;
// More prompts than this are dots: bars would be thinner than a line.
constexpr size_t kMostBars = 120;

double MostLatency(const std::vector<TimedCall>& calls) {
  double most = 0;
  for (const TimedCall& call : calls) most = std::max(most, call.latency_ms.value_or(0));
  return most;
}

std::string Sampled(const RunRows& rows) {
  return rows.call_step == 1 ? "" : fmt::format(" One prompt in {} is shown.", CountText(rows.call_step));
}

}  // namespace

bool IsEmpty(const Chart& chart) { return chart.bars.empty() && chart.dots.empty(); }

Chart DistributionChart(const RunFindings& findings) {
  const auto& told = findings.distribution;
  Chart chart{.title = fmt::format("Latency distribution of {}", Counted(told.count(), "successful call"))};
  if (told.buckets_size() == 0) return chart;
  const double from = Milliseconds(told.buckets(0).from());
  const double to = Milliseconds(told.buckets(told.buckets_size() - 1).to());
  const SpanUnit unit = UnitFor(to);
  int32_t most = 0;
  for (const auto& bucket : told.buckets()) {
    most = std::max(most, bucket.count());
    chart.bars.push_back({Milliseconds(bucket.from()) / unit.ms, Milliseconds(bucket.to()) / unit.ms,
                          static_cast<double>(bucket.count())});
  }
  chart.x = AxisOver(fmt::format("Latency ({})", unit.name), from / unit.ms, to / unit.ms, kSteps);
  chart.y = AxisOver("Calls", 0, most, kLevels, /*whole=*/true);
  chart.marks = {{Milliseconds(told.p50()) / unit.ms, "p50 " + DurationText(told.p50())},
                 {Milliseconds(told.p95()) / unit.ms, "p95 " + DurationText(told.p95())}};
  chart.words = fmt::format("Histogram of the latency of {}, from {} to {}. Median {}, 95th percentile {}.",
                            Counted(told.count(), "successful call"), DurationText(from), DurationText(to),
                            DurationText(told.p50()), DurationText(told.p95()));
  return chart;
}

Chart LatencyByPromptChart(const RunFindings& findings) {
  const std::vector<TimedCall>& calls = findings.rows.calls;
  Chart chart{.title = "Latency by prompt"};
  const double most = MostLatency(calls);
  if (calls.empty() || most <= 0) return chart;
  const SpanUnit unit = UnitFor(most);
  const int32_t last = calls.back().prompt_id;
  bool failures = false;
  for (const TimedCall& call : calls) {
    if (!call.latency_ms) continue;
    const double latency = *call.latency_ms / unit.ms;
    failures = failures || !call.success;
    if (calls.size() <= kMostBars && call.success) {
      chart.bars.push_back({call.prompt_id - 0.5, call.prompt_id + 0.5, latency});
    } else {
      chart.dots.push_back({static_cast<double>(call.prompt_id), latency, !call.success});
    }
  }
  chart.x = AxisOver("Prompt", 1, last, 10, /*whole=*/true);
  chart.x.from = 0.5;
  chart.x.to = last + 0.5;
  std::erase_if(chart.x.ticks, [last](const Tick& tick) { return tick.at < 1 || tick.at > last; });
  chart.y = AxisOver(fmt::format("Latency ({})", unit.name), 0, most / unit.ms, kLevels);
  const auto& metrics = findings.metrics;
  if (metrics.has_p95_latency()) {
    chart.marks = {{Milliseconds(metrics.p50_latency()) / unit.ms, "p50", true},
                   {Milliseconds(metrics.p95_latency()) / unit.ms, "p95", true}};
  }
  chart.words = fmt::format("Latency of each of {} in order, up to {}.{}{}",
                            Counted(static_cast<int64_t>(calls.size()), "prompt"), DurationText(most),
                            failures ? " Failed calls are red dots." : "", Sampled(findings.rows));
  if (failures) chart.title += "; failed calls in red";
  if (findings.rows.call_step > 1) chart.title += fmt::format("; one prompt in {}", findings.rows.call_step);
  return chart;
}

Chart FirstTokenChart(const RunFindings& findings) {
  Chart chart{.title = "Time to first token against length of the answer"};
  double most_ms = 0;
  int32_t most_tokens = 0;
  for (const TimedCall& call : findings.rows.calls) {
    if (!call.success || !call.ttft_ms || !call.output_tokens) continue;
    most_ms = std::max(most_ms, *call.ttft_ms);
    most_tokens = std::max(most_tokens, *call.output_tokens);
  }
  if (most_ms <= 0) return chart;
  const SpanUnit unit = UnitFor(most_ms);
  for (const TimedCall& call : findings.rows.calls) {
    if (!call.success || !call.ttft_ms || !call.output_tokens) continue;
    chart.dots.push_back({static_cast<double>(*call.output_tokens), *call.ttft_ms / unit.ms});
  }
  chart.x = AxisOver("Output tokens", 0, most_tokens, kSteps, /*whole=*/true);
  chart.y = AxisOver(fmt::format("Time to first token ({})", unit.name), 0, most_ms / unit.ms, kLevels);
  chart.words = fmt::format("Time to first token, up to {}, of {} against their output tokens, up to {}.{}",
                            DurationText(most_ms), Counted(static_cast<int64_t>(chart.dots.size()), "answer"),
                            CountText(most_tokens), Sampled(findings.rows));
  return chart;
}

}  // namespace ftl::exporter
