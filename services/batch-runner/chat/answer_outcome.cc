#include "services/batch-runner/chat/answer_outcome.h"

namespace ftl::batch_runner {
namespace {

int32_t Tokens(int64_t count) { return static_cast<int32_t>(count); }

}  // namespace

void FillOutcome(const ModelAnswer& answer, pb::Message& message) {
  const ChatReply& reply = answer.reply;
  message.set_status(reply.ok() ? pb::MESSAGE_STATUS_COMPLETE : pb::MESSAGE_STATUS_INCOMPLETE);
  for (const ToolCall& asked : reply.tool_calls) {
    pb::MessageToolCall& shown = *message.add_tool_calls();
    shown.set_id(asked.id);
    shown.set_name(asked.name);
    shown.set_arguments(asked.arguments);
  }
  if (!reply.finish_reason.empty()) message.set_finish_reason(reply.finish_reason);
  if (!reply.ok()) {
    message.set_error(reply.failure.sentence);
    message.set_error_type(reply.failure.error_type);
  }
  if (reply.timing.has_ttft()) *message.mutable_ttft() = reply.timing.ttft();
  if (reply.timing.has_latency()) *message.mutable_latency() = reply.timing.latency();
  if (reply.ok() || reply.has_any_token()) {
    message.set_input_tokens(Tokens(reply.input_tokens));
    message.set_output_tokens(Tokens(reply.output_tokens));
    message.set_tokens_estimated(reply.tokens_estimated);
  }
  if (reply.usage.reasoning_tokens) message.set_reasoning_tokens(Tokens(*reply.usage.reasoning_tokens));
  if (answer.cost) message.set_cost(*answer.cost);
}

}  // namespace ftl::batch_runner
