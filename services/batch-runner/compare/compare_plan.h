#pragma once

#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "common/endpoint/format/chat_request.h"
#include "finetunelab/batch_runner/v1/compare_service.pb.h"
#include "services/batch-runner/chat/chat_plan.h"

namespace ftl::batch_runner {

// What a request comes to: the comparison as it is stored first, and what each model is shown.
struct ComparePlan {
  pb::Comparison comparison;
  std::vector<ChatMessage> shown;
};

// The same question as a chat with the first model. Pure, as all here.
pb::ChatRequest ChatOf(const pb::CompareRequest& request);

// Every fault that needs no look at what is stored: INVALID_FIELD.
absl::Status JudgeCompare(const pb::CompareRequest& request);

// `scene` holds what the request names: template, conversation, agent. Models stand in the order of the request.
// NOT_FOUND, INVALID_FIELD.
absl::StatusOr<ComparePlan> PlanCompare(const pb::CompareRequest& request, const ChatScene& scene, int window);

}  // namespace ftl::batch_runner
