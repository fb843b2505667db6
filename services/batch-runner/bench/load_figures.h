#pragma once

#include <optional>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"
#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// A call of a benchmark that has ended.
struct LoadSample {
  bool success = false;
  finetunelab::endpoint::v1::ErrorType error_type{};
  absl::Duration latency;                               // from the first byte sent
  std::optional<absl::Duration> since_scheduled_start;  // of an open loop
  std::optional<absl::Duration> ttft;
  std::optional<absl::Duration> itl;
  std::optional<absl::Duration> tpot;
  int prompt_tokens = 0;
  int output_tokens = 0;
};

// How a load went.
struct LoadCourse {
  absl::Duration duration;  // from the first beginning to the last end
  absl::Duration schedule;  // from the first scheduled beginning to the last, of an open loop
  int not_begun = 0;        // calls that were due while too many were under way
};

// What was measured under one load. An open loop's model kept up where all that was due began, at most 1 % failed,
// answers came no later after their scheduled start than after their own (but for a tenth, or 50 ms), and successes
// came at nine tenths of the rate at which calls began, or faster. Pure.
pb::BenchmarkPoint FiguresOf(const pb::BenchmarkPlan& plan, const std::vector<LoadSample>& samples,
                             const LoadCourse& course);

// Linear between ranks, as PostgreSQL's percentile_cont. At least one span. Pure.
absl::Duration PercentileOf(const std::vector<absl::Duration>& sorted, double share);

// How spans spread, in any order. Pure.
pb::Spread SpreadOf(std::vector<absl::Duration> spans);

}  // namespace ftl::batch_runner
