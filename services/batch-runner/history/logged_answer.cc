#include "services/batch-runner/history/logged_answer.h"

#include "common/time/proto_time.h"
#include "services/batch-runner/call/model_call.h"
#include "services/batch-runner/call/retry.h"
#include "services/batch-runner/history/content_mask.h"

namespace ftl::batch_runner {
namespace {

void FillAnswer(std::string_view text, std::string_view reasoning, pb::LoggedRequest& row) {
  if (!text.empty()) row.set_response(WithoutKeys(text));
  if (!reasoning.empty()) row.set_reasoning(WithoutKeys(reasoning));
}

}  // namespace

pb::LoggedRequest RowOfBegun(const ModelCall& asked, const ModelAnswer& answer, bool keeps_content) {
  pb::LoggedRequest row;
  row.set_id(answer.id);
  *row.mutable_timestamp() = ToProto(answer.began);
  row.set_project(asked.project);
  row.set_kind(asked.kind);
  row.set_service(answer.service);
  row.set_key_name(answer.key_name);
  row.set_model(asked.model.id());
  row.set_status(pb::REQUEST_STATUS_IN_PROGRESS);
  if (asked.replay_of) row.set_replay_of(*asked.replay_of);
  *row.mutable_parameters() = asked.parameters;
  if (!keeps_content) return row;
  for (const ChatMessage& message : asked.messages) {
    pb::PromptMessage& kept = *row.add_messages();
    kept.set_role(message.role);
    kept.set_content(WithoutKeys(message.content));
  }
  row.set_prompt_preview(PreviewOf(row.messages().rbegin()->content()));
  return row;
}

void FillEnded(const ModelAnswer& answer, bool keeps_content, pb::LoggedRequest& row) {
  const ChatReply& reply = answer.reply;
  row.set_status(reply.ok() ? pb::REQUEST_STATUS_SUCCESS : pb::REQUEST_STATUS_ERROR);
  row.set_outcome(reply.outcome);
  row.set_attempts(answer.attempts);
  if (!reply.ok()) {
    const bool must_wait = reply.failure.retry_after.value_or(absl::ZeroDuration()) > kLongestWait;
    row.set_error_type(must_wait ? endpoint_pb::ERROR_TYPE_RATE_LIMIT : reply.failure.error_type);
    row.set_error(reply.failure.sentence);
  }
  if (reply.timing.has_latency()) *row.mutable_response_time() = reply.timing.latency();
  if (reply.timing.has_ttft()) *row.mutable_ttft() = reply.timing.ttft();
  *row.mutable_timing() = reply.timing;
  *row.mutable_total() = ToProto(answer.total);
  *row.mutable_client_lag() = ToProto(reply.client_lag);
  if (reply.ok() || reply.has_any_token()) {
    row.set_prompt_tokens(static_cast<int32_t>(reply.input_tokens));
    row.set_completion_tokens(static_cast<int32_t>(reply.output_tokens));
    row.set_total_tokens(row.prompt_tokens() + row.completion_tokens());
    row.set_tokens_estimated(reply.tokens_estimated);
  }
  if (reply.usage.reasoning_tokens) row.set_reasoning_tokens(static_cast<int32_t>(*reply.usage.reasoning_tokens));
  if (reply.usage.cached_tokens) row.set_cached_tokens(static_cast<int32_t>(*reply.usage.cached_tokens));
  if (!reply.finish_reason.empty()) row.set_finish_reason(reply.finish_reason);
  if (reply.http_status != 0) row.set_http_status(reply.http_status);
  if (answer.cost) row.set_cost(*answer.cost);
  if (keeps_content) FillAnswer(reply.text, reply.reasoning, row);
}

void FillStopped(const std::string& text, const std::string& reasoning, bool keeps_content, pb::LoggedRequest& row) {
  row.set_status(pb::REQUEST_STATUS_CANCELLED);
  row.set_outcome(endpoint_pb::OUTCOME_CANCELLED);
  if (keeps_content) FillAnswer(text, reasoning, row);
}

void FillInterrupted(pb::LoggedRequest& row) {
  row.set_status(pb::REQUEST_STATUS_INTERRUPTED);
  row.set_outcome(endpoint_pb::OUTCOME_CANCELLED);
  row.set_error_type(endpoint_pb::ERROR_TYPE_UNKNOWN);
  row.set_error("The process that made this call ended before its answer did.");
}

}  // namespace ftl::batch_runner
