#include "services/batch-runner/compare/compare_plan.h"

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/proto/enum_word.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/message_title.h"

namespace ftl::batch_runner {
namespace {

constexpr int kFewestModels = 2;
constexpr int kMostModels = 4;
constexpr int kMostRepetitions = 10;

}  // namespace

pb::ChatRequest ChatOf(const pb::CompareRequest& request) {
  pb::ChatRequest chat;
  CopyFields(request, chat);
  chat.clear_idempotency_key();
  if (request.models_size() > 0) *chat.mutable_model() = request.models(0);
  return chat;
}

absl::Status JudgeCompare(const pb::CompareRequest& request) {
  FieldFaults faults;
  if (request.models_size() < kFewestModels || request.models_size() > kMostModels) {
    faults.Add("models", fmt::format("must be {} to {}", kFewestModels, kMostModels));
  }
  for (int i = 0; i < request.models_size(); ++i) {
    JudgeModelChoice(request.models(i), faults, fmt::format("models[{}].", i));
  }
  if (request.has_repeat() && (request.repeat() < 1 || request.repeat() > kMostRepetitions)) {
    faults.Add("repeat", fmt::format("must be 1 to {}", kMostRepetitions));
  }
  pb::ChatRequest chat = ChatOf(request);
  chat.clear_model();
  JudgeChat(chat, faults);
  return faults.Verdict();
}

absl::StatusOr<ComparePlan> PlanCompare(const pb::CompareRequest& request, const ChatScene& scene, int window) {
  TRY(ChatPlan chat, PlanChat(ChatOf(request), scene, window));
  ComparePlan plan;
  pb::Comparison& comparison = plan.comparison;
  comparison.set_project(request.has_project() ? request.project()
                         : scene.conversation  ? scene.conversation->project()
                                               : std::string(kDefaultProject));
  comparison.set_status(pb::COMPARISON_STATUS_RUNNING);
  comparison.set_blind(request.blind());
  comparison.set_repeat(request.has_repeat() ? request.repeat() : 1);
  comparison.set_columns(request.models_size());
  *comparison.mutable_models() = request.models();
  *comparison.mutable_parameters() = chat.parameters;
  comparison.set_prompt_preview(TitleOfMessage(chat.said.back().content));
  for (const ChatMessage& shown : chat.shown) {
    pb::ChatMessage& message = *comparison.add_messages();
    message.set_role(EnumOf<pb::MessageRole>(shown.role));
    message.set_content(shown.content);
  }
  for (int index = 0; index < comparison.columns(); ++index) {
    for (int repetition = 1; repetition <= comparison.repeat(); ++repetition) {
      pb::ComparedAnswer& answer = *comparison.add_answers();
      answer.set_index(index);
      answer.set_repetition(repetition);
      answer.set_status(pb::MESSAGE_STATUS_GENERATING);
    }
  }
  plan.shown = std::move(chat.shown);
  return plan;
}

}  // namespace ftl::batch_runner
