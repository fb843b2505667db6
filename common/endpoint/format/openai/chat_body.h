#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/endpoint/format/chat_request.h"

namespace ftl {

class Endpoint;

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
