#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "common/endpoint/format/chat_request.h"
#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/agents_service.pb.h"
#include "finetunelab/batch_runner/v1/chat_service.pb.h"
#include "finetunelab/batch_runner/v1/prompt_template.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// What is stored of all that a request is about.
struct ChatScene {
  std::optional<pb::Conversation> conversation;
  std::optional<pb::Agent> agent;
  std::optional<pb::PromptTemplate> prompt_template;
  // The message that is edited, answered again, gone on from or followed, where the request names one.
  std::optional<pb::Message> target;
  // The newest messages of the branch that goes on, the oldest first, and how many that branch has in all.
  std::vector<pb::Message> branch;
  int depth = 0;
};

// A message to be stored before the answer.
struct SaidMessage {
  pb::MessageRole role;
  std::string content;
};

// What a request comes to.
struct ChatPlan {
  std::optional<std::string> parent_id;  // what the first of `said`, or the answer, follows
  int depth = 0;                         // of that
  std::vector<SaidMessage> said;
  pb::ModelChoice model;
  pb::CallParameters parameters;             // complete
  std::optional<std::string> system_prompt;  // of a new conversation
  std::string title;                         // of a conversation that has none
  // What the model is shown, in order.
  std::vector<ChatMessage> shown;
  int left_out = 0;
  // Of an answer that goes on.
  std::optional<std::string> continues;
  std::string begins_with;
};

// Which message a request is about; empty for the newest of the active branch. Pure.
struct ChatTarget {
  std::string message_id;
  // It goes on where that message's parent stands, beside it.
  bool beside = false;
};
ChatTarget TargetOf(const pb::ChatRequest& request);

// Every fault of a request that needs no look at what is stored: INVALID_FIELD. Pure.
absl::Status JudgeChat(const pb::ChatRequest& request);
void JudgeChat(const pb::ChatRequest& request, FieldFaults& faults);

// `window` messages of the branch, what is said now included, and at most 4 MiB of them are shown. NOT_FOUND for a
// conversation, agent, template or message that is not there, INVALID_FIELD. Pure.
absl::StatusOr<ChatPlan> PlanChat(const pb::ChatRequest& request, const ChatScene& scene, int window);

}  // namespace ftl::batch_runner
