#include "common/endpoint/chat_request.h"

#include <fmt/format.h>

#include "common/endpoint/endpoint.h"
#include "common/endpoint/provider.h"
#include "common/json/json_writer.h"

namespace ftl {
namespace {

bool IsReasoningFamily(std::string_view model) {
  const bool is_o_series = model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
  return is_o_series || model.substr(0, 5) == "gpt-5";
}

}  // namespace

std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) {
  std::string body = "{\"model\":";
  AppendJsonString(request.model, body);
  body += ",\"messages\":[";
  for (const ChatMessage& message : request.messages) {
    body += &message == request.messages.data() ? "{\"role\":" : ",{\"role\":";
    AppendJsonString(message.role, body);
    body += ",\"content\":";
    AppendJsonString(message.content, body);
    body += '}';
  }
  body += ']';
  const bool takes_temperature = !capabilities.has_temperature() || capabilities.temperature();
  if (request.temperature && takes_temperature) {
    fmt::format_to(std::back_inserter(body), ",\"temperature\":{}", *request.temperature);
  }
  if (request.max_tokens) {
    const char* name = capabilities.max_completion_tokens() ? "max_completion_tokens" : "max_tokens";
    fmt::format_to(std::back_inserter(body), ",\"{}\":{}", name, *request.max_tokens);
  }
  body += request.stream ? ",\"stream\":true" : ",\"stream\":false";
  const bool takes_options = !capabilities.has_stream_options() || capabilities.stream_options();
  if (request.stream && takes_options) body += ",\"stream_options\":{\"include_usage\":true}";
  body += '}';
  return body;
}

endpoint_pb::Capabilities CapabilitiesFor(const Endpoint& endpoint, std::string_view model,
                                          endpoint_pb::Capabilities known) {
  if (known.has_max_completion_tokens()) return known;
  const bool is_openai = endpoint.is_azure() || ProviderOf(endpoint).provider == "openai";
  if (is_openai && IsReasoningFamily(model)) known.set_max_completion_tokens(true);
  return known;
}

}  // namespace ftl
