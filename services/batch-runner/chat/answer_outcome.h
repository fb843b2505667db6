#pragma once

#include "finetunelab/batch_runner/v1/conversation.pb.h"
#include "services/batch-runner/call/model_call.h"

namespace ftl::batch_runner {

// How a call of a model ended, as its message tells it: all but the texts. Pure.
void FillOutcome(const ModelAnswer& answer, pb::Message& message);

}  // namespace ftl::batch_runner
