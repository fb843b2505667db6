#include "common/conversation/conversation_row.h"

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl {
namespace {

// JSON that this service wrote.
template <typename Proto>
std::optional<Proto> Stored(const Row& row, std::string_view column) {
  const auto json = row.Get<std::optional<std::string>>(column);
  if (!json) return std::nullopt;
  Proto message;
  InputFaults faults;
  if (!ReadBody(*json, message, faults).ok()) return std::nullopt;
  return message;
}

void AddToolCalls(const Row& row, runner_pb::Message& message) {
  const auto json = row.Get<std::optional<std::string>>("tool_calls");
  if (!json) return;
  InputFaults faults;
  runner_pb::Message stored;
  if (ReadBody("{\"tool_calls\":" + *json + "}", stored, faults).ok())
    message.mutable_tool_calls()->Swap(stored.mutable_tool_calls());
}

google::protobuf::Duration Microseconds(int64_t microseconds) { return ToProto(absl::Microseconds(microseconds)); }

}  // namespace

std::optional<runner_pb::ModelChoice> ModelIn(const Row& row) { return Stored<runner_pb::ModelChoice>(row, "model"); }

std::optional<runner_pb::CallParameters> ParametersIn(const Row& row) {
  return Stored<runner_pb::CallParameters>(row, "parameters");
}

runner_pb::Conversation ConversationOf(const Row& row) {
  runner_pb::Conversation conversation;
  conversation.set_id(row.Get<std::string>("id"));
  conversation.set_title(row.Get<std::string>("title"));
  if (auto model = ModelIn(row)) *conversation.mutable_model() = *std::move(model);
  if (auto prompt = row.Get<std::optional<std::string>>("system_prompt")) {
    conversation.set_system_prompt(*std::move(prompt));
  }
  if (auto parameters = ParametersIn(row)) *conversation.mutable_parameters() = *std::move(parameters);
  conversation.set_pinned(row.Get<bool>("pinned"));
  conversation.set_project(row.Get<std::string>("project"));
  conversation.set_message_count(row.Get<int32_t>("message_count"));
  if (auto active = row.Get<std::optional<std::string>>("active_message_id")) {
    conversation.set_active_message_id(*std::move(active));
  }
  *conversation.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  *conversation.mutable_updated_at() = ToProto(row.Get<absl::Time>("updated_at"));
  return conversation;
}

runner_pb::Message MessageOf(const Row& row) {
  runner_pb::Message message;
  message.set_id(row.Get<std::string>("id"));
  if (auto parent = row.Get<std::optional<std::string>>("parent_id")) message.set_parent_id(*std::move(parent));
  message.set_role(EnumOf<runner_pb::MessageRole>(row.Get<std::string_view>("role")));
  message.set_content(row.Get<std::string>("content"));
  if (auto reasoning = row.Get<std::optional<std::string>>("reasoning"); reasoning && !reasoning->empty()) {
    message.set_reasoning(*std::move(reasoning));
  }
  message.set_status(EnumOf<runner_pb::MessageStatus>(row.Get<std::string_view>("status")));
  if (auto model = ModelIn(row)) *message.mutable_model() = *std::move(model);
  AddToolCalls(row, message);
  if (auto reason = row.Get<std::optional<std::string>>("finish_reason")) message.set_finish_reason(*std::move(reason));
  if (auto error = row.Get<std::optional<std::string>>("error")) message.set_error(*std::move(error));
  if (const auto type = row.Get<std::optional<std::string>>("error_type")) {
    message.set_error_type(EnumOf<finetunelab::endpoint::v1::ErrorType>(*type));
  }
  if (const auto left_out = row.Get<std::optional<int32_t>>("left_out")) message.set_left_out(*left_out);
  if (const auto ttft = row.Get<std::optional<int64_t>>("ttft_us")) *message.mutable_ttft() = Microseconds(*ttft);
  if (const auto latency = row.Get<std::optional<int64_t>>("latency_us")) {
    *message.mutable_latency() = Microseconds(*latency);
  }
  if (const auto tokens = row.Get<std::optional<int32_t>>("input_tokens")) message.set_input_tokens(*tokens);
  if (const auto tokens = row.Get<std::optional<int32_t>>("output_tokens")) message.set_output_tokens(*tokens);
  if (const auto tokens = row.Get<std::optional<int32_t>>("reasoning_tokens")) message.set_reasoning_tokens(*tokens);
  if (const auto estimated = row.Get<std::optional<bool>>("tokens_estimated")) message.set_tokens_estimated(*estimated);
  if (const auto cost = row.Get<std::optional<double>>("cost")) message.set_cost(*cost);
  if (auto continues = row.Get<std::optional<std::string>>("continues")) message.set_continues(*std::move(continues));
  *message.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  return message;
}

}  // namespace ftl
