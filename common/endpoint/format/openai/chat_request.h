#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl {

namespace endpoint_pb = finetunelab::endpoint::v1;

class Endpoint;

// One message of a conversation. `role` is `system`, `user` or `assistant`.
struct ChatMessage {
  std::string role;
  std::string content;  // valid UTF-8
};

// What is asked of a person's model. A system prompt is the first message.
struct ChatRequest {
  std::string model;
  std::vector<ChatMessage> messages;
  std::optional<double> temperature;
  std::optional<int> max_tokens;  // at least 1
  bool stream = true;
  // Definitions of tools that may be called, a JSON array; empty for none. Not sent where the endpoint is known to
  // refuse them.
  std::string tools = {};
  // Whether a request refused over a parameter is made once more without it. Where requests are counted, whoever counts
  // does that (ChatReply::may_ask_again).
  bool may_ask_again = true;
  // How long to listen on after the first token; unset for the whole answer. For a call that only asks who is there.
  std::optional<absl::Duration> enough_after_token = std::nullopt;
  // What this endpoint was found to need; unset fields are tried in the way that most endpoints take.
  endpoint_pb::Capabilities capabilities;
};

// The JSON body for `request` as `capabilities` want it: which name the token limit has, whether `stream`,
// `stream_options`, `temperature` and a system message are sent. `include_usage` is always asked for in a stream, since
// most servers say nothing without.
std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities);

// The output tokens that are asked for: what the request wants, or what the model takes where that is less.
std::optional<int> TokenLimit(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities);

// False where the endpoint is known to refuse streams, too.
bool AsksForStream(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities);

// Whether a model is of OpenAI's reasoning families (o1, o3, gpt-5, …), whoever serves it.
bool IsReasoningFamily(std::string_view model);

// `known`, completed by what is certain beforehand: the reasoning models of OpenAI (o1, o3, gpt-5, …) at OpenAI and
// Azure take only `max_completion_tokens`. Everybody else is asked with `max_tokens`, since Ollama ignores the other
// name silently and would write without a limit.
endpoint_pb::Capabilities CapabilitiesFor(const Endpoint& endpoint, std::string_view model,
                                          endpoint_pb::Capabilities known);

}  // namespace ftl
