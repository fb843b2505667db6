#include "services/analytics/performance/performance_span.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"

namespace ftl::analytics {
namespace {

constexpr int kUsualMinutes = 60;
constexpr int kMostMinutes = 30 * 24 * 60;
constexpr int kShortestStep = 10;
constexpr int kLongestStep = 24 * 60 * 60;
constexpr int kUsualSteps[] = {10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
constexpr int kUsualPoints = 360;

absl::Time Floor(absl::Time moment, int seconds) {
  return absl::UnixEpoch() + absl::Floor(moment - absl::UnixEpoch(), absl::Seconds(seconds));
}

int64_t StepsIn(absl::Time from, absl::Time to, int step) {
  return absl::ToInt64Seconds(absl::Ceil(to - Floor(from, step), absl::Seconds(step))) / step;
}

// The longest rows that a step is made of.
int GrainFor(int step) { return step % 3600 == 0 ? 3600 : step % 60 == 0 ? 60 : 10; }

int UsualStep(absl::Time from, absl::Time to) {
  const auto* const fits = std::find_if(std::begin(kUsualSteps), std::end(kUsualSteps),
                                        [&](int step) { return StepsIn(from, to, step) <= kUsualPoints; });
  return fits == std::end(kUsualSteps) ? kLongestStep : *fits;
}

void JudgeStep(int step, FieldFaults& faults) {
  const int unit = step > 36'000 ? 3600 : step > 600 ? 60 : 10;
  if (step < kShortestStep || step > kLongestStep) {
    faults.Add("step", fmt::format("must be {} to {} seconds", kShortestStep, kLongestStep));
  } else if (step % unit != 0) {
    faults.Add("step", fmt::format("must be a multiple of {} seconds", unit));
  }
}

}  // namespace

absl::StatusOr<PerformanceSpan> SpanOf(const pb::GetPerformanceSummaryRequest& request, absl::Time now) {
  const int minutes = request.has_minutes() ? request.minutes() : kUsualMinutes;
  FieldFaults faults;
  if (minutes < 1 || minutes > kMostMinutes) faults.Add("minutes", fmt::format("must be 1 to {}", kMostMinutes));
  TRY(faults.Verdict());
  const int grain = minutes <= 15 ? 10 : minutes <= 24 * 60 ? 60 : 3600;
  return PerformanceSpan{Floor(now - absl::Minutes(minutes), grain), now, grain, grain};
}

absl::StatusOr<PerformanceSpan> SpanOf(const pb::GetPerformanceHistoryRequest& request, absl::Time now) {
  PerformanceSpan span;
  span.to = request.has_to() ? FromProto(request.to()) : now;
  span.from = request.has_from() ? FromProto(request.from()) : span.to - absl::Hours(1);
  FieldFaults faults;
  if (span.from >= span.to) faults.Add("from", "must be before `to`");
  if (request.has_step()) JudgeStep(request.step(), faults);
  TRY(faults.Verdict());
  span.step_s = request.has_step() ? request.step() : UsualStep(span.from, span.to);
  if (StepsIn(span.from, span.to, span.step_s) > kMostPerformanceSteps) {
    faults.Add(request.has_step() ? "step" : "from",
               fmt::format("gives more than {} steps; take longer steps or a shorter time", kMostPerformanceSteps));
  }
  TRY(faults.Verdict());
  span.from = Floor(span.from, span.step_s);
  span.grain_s = GrainFor(span.step_s);
  return span;
}

}  // namespace ftl::analytics
