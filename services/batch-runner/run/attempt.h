#pragma once

#include <memory>
#include <optional>
#include <random>

#include "common/async/task.h"
#include "services/batch-runner/call/paced_call.h"
#include "services/batch-runner/check/answer_judge.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// What came of a prompt that was called: its result, or none where the endpoint asked all who call it to wait.
struct Attempted {
  std::optional<FinishedPrompt> finished;
  absl::Duration asked_to_wait;
};

// One prompt of a run, called as CallPaced does, and its checks by `judge`, which must outlive it. Fails only when it
// was cancelled: whatever an endpoint does becomes a result.
Task<Attempted> RunPrompt(Caller& caller, std::shared_ptr<CallTarget> target, const pb::RunParameters& parameters,
                          LeasedPrompt prompt, AnswerJudge& judge, std::mt19937_64& random, CallObserver observer);

}  // namespace ftl::batch_runner
