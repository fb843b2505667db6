#include "services/batch-runner/run/plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

constexpr int32_t kDefaultPrompts = 10;
constexpr int32_t kDefaultConcurrency = 4;
constexpr int32_t kMaxConcurrency = 256;
constexpr double kDefaultTemperature = 0.7;
constexpr double kMaxTemperature = 2;
constexpr int32_t kDefaultMaxTokens = 1024;
constexpr int32_t kMostMaxTokens = 4096;
constexpr absl::Duration kDefaultTimeout = absl::Seconds(60);
constexpr int64_t kLeastTimeoutMs = 1'000;
constexpr int64_t kMostTimeoutMs = 600'000;
constexpr size_t kMaxSystemPromptBytes = 8 << 10;
constexpr int32_t kMaxRepeat = 10;

}  // namespace

absl::StatusOr<pb::RunParameters> CheckedParameters(const pb::StartRunRequest& request) {
  FieldFaults faults;
  const auto within = [&](const char* field, auto value, auto least, auto most) {
    if (!(value >= least && value <= most)) faults.Add(field, fmt::format("must be from {} to {}", least, most));
    return value;
  };
  const auto at_least = [&](const char* field, auto value, auto least) {
    if (value < least) faults.Add(field, fmt::format("must be at least {}", least));
    return value;
  };
  pb::RunParameters parameters;
  if (request.has_prompt_limit()) at_least("prompt_limit", request.prompt_limit(), 1);
  parameters.set_concurrency(within(
      "concurrency", request.has_concurrency() ? request.concurrency() : kDefaultConcurrency, 1, kMaxConcurrency));
  parameters.set_stream(request.has_stream() ? request.stream() : true);
  if (request.has_max_failures()) parameters.set_max_failures(at_least("max_failures", request.max_failures(), 1));
  parameters.set_requests_per_minute(at_least("requests_per_minute", request.requests_per_minute(), 0));
  parameters.set_temperature(within(
      "temperature", request.has_temperature() ? request.temperature() : kDefaultTemperature, 0.0, kMaxTemperature));
  parameters.set_max_tokens(
      within("max_tokens", request.has_max_tokens() ? request.max_tokens() : kDefaultMaxTokens, 1, kMostMaxTokens));
  const absl::Duration timeout = request.has_timeout() ? FromProto(request.timeout()) : kDefaultTimeout;
  within("timeout_ms", absl::ToDoubleMilliseconds(timeout), kLeastTimeoutMs, kMostTimeoutMs);
  *parameters.mutable_timeout() = ToProto(timeout);
  if (request.has_system_prompt() && !request.system_prompt().empty()) {
    if (request.system_prompt().size() > kMaxSystemPromptBytes) faults.Add("system_prompt", "must be at most 8 KiB");
    parameters.set_system_prompt(request.system_prompt());
  }
  parameters.set_repeat(within("repeat", request.has_repeat() ? request.repeat() : 1, 1, kMaxRepeat));
  if (request.test_suite_id().empty())
    faults.Add("test_suite_id", "is missing; GET /api/demo/v2/test-suites lists them");
  TRY(faults.Verdict());
  return parameters;
}

absl::StatusOr<RunPlan> PlanRun(const pb::StartRunRequest& request, const pb::Suite& suite, int64_t prompts_per_session,
                                int64_t prompts_left) {
  TRY(pb::RunParameters parameters, CheckedParameters(request));
  const auto refuse = [&](std::string_view message) {
    return Refuse(Reason::kPromptLimitExceeded, message)
        .With("limit", prompts_per_session)
        .With("left", prompts_left)
        .Field("prompt_limit", fmt::format("must be at most {}", prompts_left));
  };
  const int64_t limit = request.has_prompt_limit() ? request.prompt_limit() : kDefaultPrompts;
  if (limit > prompts_per_session) {
    return refuse(fmt::format("A session may run {} prompts; choose at most {}.", prompts_per_session, prompts_left));
  }
  const int64_t from_suite = std::min<int64_t>(limit, suite.prompts_size());
  const int64_t in_all = from_suite * parameters.repeat();
  if (in_all > prompts_left) {
    return refuse(fmt::format("This run has {} prompts, and {} of the session's {} are left; choose fewer.", in_all,
                              prompts_left, prompts_per_session));
  }
  RunPlan plan{.parameters = std::move(parameters),
               .suite_id = suite.id(),
               .suite_name = suite.name(),
               .difficulty = suite.difficulty(),
               .prompts = {}};
  plan.prompts.reserve(in_all);
  for (int32_t round = 0; round < plan.parameters.repeat(); ++round) {
    plan.prompts.insert(plan.prompts.end(), suite.prompts().begin(), suite.prompts().begin() + from_suite);
  }
  return plan;
}

}  // namespace ftl::batch_runner
