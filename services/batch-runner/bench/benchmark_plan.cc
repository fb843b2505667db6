#include "services/batch-runner/bench/benchmark_plan.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "services/batch-runner/chat/chat_rules.h"

namespace ftl::batch_runner {
namespace {

constexpr int kMostAtATime = 256;
constexpr double kHighestRate = 1000;
constexpr double kLongestSeconds = 3600;
constexpr int kMostRequests = 100'000;
constexpr int kFewestPromptTokens = 16;
constexpr int kMostTokens = 100'000;
constexpr int kUsualTokens = 128;
constexpr int kMostIterations = 100;
constexpr size_t kLongestPrompt = 64 * 1024;

bool IsIn(double value, double least, double most) { return value >= least && value <= most; }

void JudgeMode(const pb::StartBenchmarkRequest& request, bool is_open, FieldFaults& faults) {
  if (is_open && request.has_concurrency()) faults.Add("concurrency", "is of a closed loop");
  if (is_open && !request.has_rate()) faults.Add("rate", "is missing; an open loop needs calls a second");
  if (!is_open && request.has_rate()) faults.Add("rate", "is of an open loop");
  if (!is_open && request.has_arrivals()) faults.Add("arrivals", "are of an open loop");
  if (!is_open && request.sweep()) faults.Add("sweep", "is of an open loop");
  if (request.has_concurrency() && !IsIn(request.concurrency(), 1, kMostAtATime)) {
    faults.Add("concurrency", fmt::format("must be 1 to {}", kMostAtATime));
  }
  if (request.has_rate() && !(request.rate() > 0 && request.rate() <= kHighestRate)) {
    faults.Add("rate", fmt::format("must be above 0, up to {}", kHighestRate));
  }
}

}  // namespace

absl::StatusOr<pb::BenchmarkPlan> PlanBenchmark(const pb::StartBenchmarkRequest& request) {
  FieldFaults faults;
  JudgeModelChoice(request.model(), faults);
  const bool is_open = request.mode() == pb::BENCHMARK_MODE_OPEN;
  JudgeMode(request, is_open, faults);
  if (request.has_duration_s() && !(request.duration_s() > 0 && request.duration_s() <= kLongestSeconds)) {
    faults.Add("duration_s", fmt::format("must be above 0, up to {}", kLongestSeconds));
  }
  if (request.has_requests() && !IsIn(request.requests(), 1, kMostRequests)) {
    faults.Add("requests", fmt::format("must be 1 to {}", kMostRequests));
  }
  if (!request.has_requests() && !request.has_duration_s()) faults.Add("requests", "is missing; this or duration_s");
  if (is_open && !request.has_requests() && request.rate() * request.duration_s() > kMostRequests) {
    faults.Add("duration_s",
               fmt::format("times rate must be at most {} requests; or give requests too", kMostRequests));
  }
  if (request.has_prompt_tokens() && !IsIn(request.prompt_tokens(), kFewestPromptTokens, kMostTokens)) {
    faults.Add("prompt_tokens", fmt::format("must be {} to {}", kFewestPromptTokens, kMostTokens));
  }
  if (request.has_output_tokens() && !IsIn(request.output_tokens(), 1, kMostTokens)) {
    faults.Add("output_tokens", fmt::format("must be 1 to {}", kMostTokens));
  }
  const absl::Status verdict = faults.Verdict();
  if (!verdict.ok()) return verdict;
  pb::BenchmarkPlan plan;
  *plan.mutable_model() = request.model();
  plan.set_mode(is_open ? pb::BENCHMARK_MODE_OPEN : pb::BENCHMARK_MODE_CLOSED);
  if (is_open) {
    plan.set_rate(request.rate());
    plan.set_arrivals(request.has_arrivals() ? request.arrivals() : pb::ARRIVAL_PATTERN_POISSON);
  } else {
    plan.set_concurrency(request.has_concurrency() ? request.concurrency() : 1);
  }
  if (request.has_duration_s()) plan.set_duration_s(request.duration_s());
  if (request.has_requests()) plan.set_requests(request.requests());
  plan.set_prompt_tokens(request.has_prompt_tokens() ? request.prompt_tokens() : kUsualTokens);
  plan.set_output_tokens(request.has_output_tokens() ? request.output_tokens() : kUsualTokens);
  if (request.has_slo()) *plan.mutable_slo() = request.slo();
  plan.set_sweep(request.sweep());
  return plan;
}

absl::Status JudgeOldForm(const pb::StartBenchmarkRequest& request) {
  FieldFaults faults;
  if (request.model_name().empty()) faults.Add("model_name", "is missing");
  if (request.has_model()) faults.Add("model", "stands beside model_name; give one of them");
  if (request.has_iterations() && !IsIn(request.iterations(), 1, kMostIterations)) {
    faults.Add("iterations", fmt::format("must be 1 to {}", kMostIterations));
  }
  if (request.has_prompt() && !IsIn(static_cast<double>(request.prompt().size()), 1, kLongestPrompt)) {
    faults.Add("prompt", fmt::format("must have 1 to {} bytes", kLongestPrompt));
  }
  return faults.Verdict();
}

}  // namespace ftl::batch_runner
