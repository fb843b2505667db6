#pragma once

#include <absl/status/statusor.h>

#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The plan with what was not said; INVALID_FIELD with every fault. Pure.
absl::StatusOr<pb::BenchmarkPlan> PlanBenchmark(const pb::StartBenchmarkRequest& request);

// INVALID_FIELD for what the older form does not take. Pure.
absl::Status JudgeOldForm(const pb::StartBenchmarkRequest& request);

}  // namespace ftl::batch_runner
