#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/db/row.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/conversation.pb.h"

namespace ftl {

namespace runner_pb = finetunelab::batch_runner::v1;

// The columns of a conversation, and the conversation in a row of them.
#define FTL_CONVERSATION_COLUMNS                                                                                     \
  "c.id::text AS id, c.title, c.model::text AS model, c.system_prompt, c.parameters::text AS parameters, c.pinned, " \
  "c.project, c.message_count, c.active_message_id::text AS active_message_id, c.created_at, c.updated_at "
runner_pb::Conversation ConversationOf(const Row& row);

// The columns of a message `m`: its text first, as it is stored, or with what has come of it where its draft `d` stands
// beside it.
#define FTL_MESSAGE_TEXT "m.content, m.reasoning, "
#define FTL_MESSAGE_TEXT_SO_FAR \
  "coalesce(d.content, m.content) AS content, coalesce(d.reasoning, m.reasoning) AS reasoning, "
#define FTL_MESSAGE_COLUMNS                                                                                         \
  "m.id::text AS id, m.parent_id::text AS parent_id, m.sequence, m.role, m.status, m.model::text AS model, "        \
  "m.tool_calls::text AS tool_calls, m.finish_reason, m.error, m.error_type, m.left_out, m.ttft_us, m.latency_us, " \
  "m.input_tokens, m.output_tokens, m.reasoning_tokens, m.tokens_estimated, m.cost, "                               \
  "m.continues::text AS continues, m.created_at "
runner_pb::Message MessageOf(const Row& row);

std::optional<runner_pb::ModelChoice> ModelIn(const Row& row);
std::optional<runner_pb::CallParameters> ParametersIn(const Row& row);

// As a parameter of a statement; null where the message has no such field.
template <typename Proto>
std::optional<std::string> ModelJson(const Proto& message) {
  return message.has_model() ? std::optional(ToJson(message.model())) : std::nullopt;
}
template <typename Proto>
std::optional<std::string> ParametersJson(const Proto& message) {
  return message.has_parameters() ? std::optional(ToJson(message.parameters())) : std::nullopt;
}

}  // namespace ftl
