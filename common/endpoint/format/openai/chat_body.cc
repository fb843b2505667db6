#include "common/endpoint/format/openai/chat_body.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/endpoint/url/endpoint.h"
#include "common/endpoint/url/provider.h"
#include "common/json/json_writer.h"

namespace ftl {
namespace {

void AppendMessage(std::string_view role, std::string_view opening, std::string_view content, std::string& body) {
  body += body.back() == '[' ? "{\"role\":" : ",{\"role\":";
  AppendJsonString(role, body);
  body += ",\"content\":";
  if (opening.empty()) {
    AppendJsonString(content, body);
  } else {
    AppendJsonString(fmt::format("{}\n\n{}", opening, content), body);
  }
  body += '}';
}

void AppendMessages(const ChatRequest& request, bool takes_system, std::string& body) {
  std::string_view opening;
  for (const ChatMessage& message : request.messages) {
    if (message.role == "system" && !takes_system) {
      opening = message.content;
    } else {
      AppendMessage(message.role, message.role == "user" ? opening : "", message.content, body);
      if (message.role == "user") opening = {};
    }
  }
}

}  // namespace

std::optional<int> TokenLimit(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) {
  if (!request.max_tokens || !capabilities.has_max_tokens()) return request.max_tokens;
  return std::min(*request.max_tokens, capabilities.max_tokens());
}

bool AsksForStream(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) {
  const auto& dropped = capabilities.dropped_parameters();
  return request.stream && std::find(dropped.begin(), dropped.end(), "stream") == dropped.end();
}

bool IsReasoningFamily(std::string_view model) {
  model.remove_prefix(std::min(model.rfind('/') + 1, model.size()));
  const bool is_o_series = model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
  return is_o_series || model.substr(0, 5) == "gpt-5";
}

std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) {
  std::string body = "{\"model\":";
  AppendJsonString(request.model, body);
  body += ",\"messages\":[";
  AppendMessages(request, !capabilities.has_system_role() || capabilities.system_role(), body);
  body += ']';
  const bool takes_temperature = !capabilities.has_temperature() || capabilities.temperature();
  if (request.temperature && takes_temperature) {
    fmt::format_to(std::back_inserter(body), ",\"temperature\":{}", *request.temperature);
  }
  // Who refuses the one refuses the other.
  if (request.top_p && takes_temperature) fmt::format_to(std::back_inserter(body), ",\"top_p\":{}", *request.top_p);
  if (const auto limit = TokenLimit(request, capabilities)) {
    const char* name = capabilities.max_completion_tokens() ? "max_completion_tokens" : "max_tokens";
    fmt::format_to(std::back_inserter(body), ",\"{}\":{}", name, *limit);
  }
  const bool takes_tools = !capabilities.has_tools() || capabilities.tools();
  if (!request.tools.empty() && takes_tools) body += ",\"tools\":" + request.tools;
  const bool streams = AsksForStream(request, capabilities);
  body += streams ? ",\"stream\":true" : ",\"stream\":false";
  const bool takes_options = !capabilities.has_stream_options() || capabilities.stream_options();
  if (streams && takes_options) body += ",\"stream_options\":{\"include_usage\":true}";
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
