#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/endpoint/endpoint.h"
#include "common/secret/secret.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// What the calls of one run have in common.
struct RunTarget {
  Endpoint endpoint;
  Secret key;  // dropped with the target
  std::string model_id;
  std::string session;  // hash; connections are shared within it
  finetunelab::endpoint::v1::Capabilities capabilities;
  pb::RunParameters parameters;
  bool forget_key_after_run;
};

// One prompt, called until it succeeds or no further attempt helps; its checks; one result. Fails only when it was
// cancelled: whatever an endpoint does becomes a result. `throttled` is told of each answer that asks to slow
// down, with the time at which its call began.
Task<FinishedPrompt> RunPrompt(Caller& caller, std::shared_ptr<const RunTarget> target, LeasedPrompt prompt,
                               std::mt19937_64& random, std::function<void(absl::Time)> throttled);

}  // namespace ftl::batch_runner
