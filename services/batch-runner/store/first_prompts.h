#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/batch-runner/run/plan.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// The prompts of a new run that the process which stores it leases in the same statement (RunStore::Create): those from
// 1 on, what work.lease would give. Nobody else can have been there, so it is known before, and nothing is read back.
struct FirstPrompts {
  std::string owner;  // UUID of the process
  int32_t slots = 0;  // so many of them are called at once
  int32_t count = 0;
  bool slowed = false;  // fewer than were asked for, because the endpoint asked to slow down

  // `allowed`: calls at a time since the endpoint asked to slow down. nullopt where calls a minute are limited: whose
  // turn it is, a step of the run draws.
  static std::optional<FirstPrompts> Of(const RunPlan& plan, std::string owner, std::optional<int32_t> allowed);
  friend bool operator==(const FirstPrompts&, const FirstPrompts&) = default;

  // The step that leased them. `plan` as it was stored.
  WorkStore::Step StepOf(const RunPlan& plan) const;
};

}  // namespace ftl::batch_runner
