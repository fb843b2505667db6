#include "services/batch-runner/store/first_prompts.h"

#include <algorithm>
#include <utility>

namespace ftl::batch_runner {
namespace {

// Each slot has the prompt that it calls and two claimed ahead, as in work.lease where nobody else works on the run.
constexpr int kForEachSlot = 3;
constexpr int64_t kFirstFence = 1;

}  // namespace

std::optional<FirstPrompts> FirstPrompts::Of(const RunPlan& plan, std::string owner, std::optional<int32_t> allowed) {
  const pb::RunParameters& parameters = plan.parameters;
  if (parameters.requests_per_minute() > 0) return std::nullopt;
  const int slots = std::min(parameters.concurrency(), allowed.value_or(parameters.concurrency()));
  const int total = static_cast<int>(plan.prompts.size());
  return FirstPrompts{.owner = std::move(owner),
                      .slots = slots,
                      .count = std::min(total, kForEachSlot * slots),
                      .slowed = slots < parameters.concurrency()};
}

WorkStore::Step FirstPrompts::StepOf(const RunPlan& plan) const {
  WorkStore::Step step;
  step.status = pb::RUN_STATUS_RUNNING;
  step.renewed = true;
  step.fence = kFirstFence;
  step.slots = slots;
  step.slowed = slowed;
  step.more = count < static_cast<int>(plan.prompts.size());
  for (int32_t prompt_id = 1; prompt_id <= count; ++prompt_id) {
    step.leased.push_back({.prompt_id = prompt_id,
                           .fence = kFirstFence,
                           .takeovers = 0,
                           .may_call = prompt_id <= slots,
                           .came_back = false,
                           .prompt = plan.prompts[prompt_id - 1],
                           .difficulty = plan.difficulty});
  }
  return step;
}

}  // namespace ftl::batch_runner
