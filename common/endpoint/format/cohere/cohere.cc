#include "common/endpoint/format/cohere/cohere.h"

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/json_fields.h"
#include "common/endpoint/format/model_listing.h"
#include "common/endpoint/url/endpoint.h"
#include "common/json/json_writer.h"

namespace ftl {
namespace {

namespace json = boost::json;

constexpr std::string_view kChat = "/chat";

std::string BaseOf(const Endpoint& endpoint) { return endpoint.BaseOr("/v2", kChat); }

class Reader : public ObjectReader {
 public:
  using ObjectReader::ObjectReader;

 private:
  Brought ReadEvent(const json::object& event) override {
    const std::string_view type = TextIn(event, "type");
    const json::object* delta = ObjectIn(event, "delta");
    const json::object* message = delta == nullptr ? nullptr : ObjectIn(*delta, "message");
    if (type == "message-end") {
      if (delta != nullptr) ReadEnd(*delta);
      answer().TakeEnd();
    } else if (message == nullptr) {
      return {};
    } else if (type == "content-start" || type == "content-delta") {
      const json::object* content = ObjectIn(*message, "content");
      if (content != nullptr) return ReadContent(*content);
    } else if (type == "tool-plan-delta") {
      return answer().TakeThought(TextIn(*message, "tool_plan"));
    } else if (type == "tool-call-start" || type == "tool-call-delta") {
      const json::object* call = ObjectIn(*message, "tool_calls");
      if (call != nullptr) return ReadCall(static_cast<size_t>(CountIn(&event, "index").value_or(0)), *call);
    }
    return {};
  }

  void ReadWhole(const json::object& body) override {
    if (const json::object* message = ObjectIn(body, "message")) {
      answer().TakeThought(TextIn(*message, "tool_plan"));
      if (const json::array* parts = ArrayIn(*message, "content")) {
        for (const json::value& part : *parts) {
          if (part.is_object()) ReadContent(part.get_object());
        }
      }
      if (const json::array* calls = ArrayIn(*message, "tool_calls")) {
        for (size_t index = 0; index < calls->size(); ++index) {
          if ((*calls)[index].is_object()) ReadCall(index, (*calls)[index].get_object());
        }
      }
    }
    ReadEnd(body);
  }

  Brought ReadContent(const json::object& content) {
    Brought brought = answer().TakeThought(TextIn(content, "thinking"));
    const Brought text = answer().TakeText(TextIn(content, "text"));
    brought.token |= text.token;
    brought.answer |= text.answer;
    return brought;
  }

  Brought ReadCall(size_t index, const json::object& call) {
    ToolCall part{.id = std::string(TextIn(call, "id")), .name = {}, .arguments = {}};
    if (const json::object* function = ObjectIn(call, "function")) {
      part.name = TextIn(*function, "name");
      part.arguments = TextIn(*function, "arguments");
    }
    return answer().TakeToolCallPart(index, part);
  }

  void ReadEnd(const json::object& holder) {
    const json::object* usage = ObjectIn(holder, "usage");
    const json::object* tokens = usage == nullptr ? nullptr : ObjectIn(*usage, "tokens");
    Usage counts;
    counts.input_tokens = CountIn(tokens, "input_tokens");
    counts.output_tokens = CountIn(tokens, "output_tokens");
    counts.cached_tokens = CountIn(usage, "cached_tokens");
    answer().TakeCounts(counts);
    answer().TakeFinishReason(TextIn(holder, "finish_reason"));
  }
};

}  // namespace

void Cohere::AppendFields(const Endpoint&, const Credential& credential, std::string& head) const {
  AppendKey("Authorization", "Bearer ", credential, head);
}

std::string Cohere::ChatTarget(const Endpoint& endpoint, const ChatRequest&) const {
  return fmt::format("{}{}{}", BaseOf(endpoint), kChat, endpoint.query());
}

std::string Cohere::ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities&) const {
  std::string body = "{\"model\":";
  AppendJsonString(request.model, body);
  body += ",\"messages\":[";
  for (const ChatMessage& message : request.messages) {
    body += body.back() == '[' ? "{\"role\":" : ",{\"role\":";
    AppendJsonString(message.role, body);
    body += ",\"content\":";
    AppendJsonString(message.content, body);
    body += '}';
  }
  body += ']';
  if (request.temperature) fmt::format_to(std::back_inserter(body), ",\"temperature\":{}", *request.temperature);
  if (request.top_p) fmt::format_to(std::back_inserter(body), ",\"p\":{}", *request.top_p);
  if (request.max_tokens) fmt::format_to(std::back_inserter(body), ",\"max_tokens\":{}", *request.max_tokens);
  body += request.stream ? ",\"stream\":true}" : ",\"stream\":false}";
  return body;
}

std::unique_ptr<AnswerReader> Cohere::ReaderInto(ChatAnswer& answer) const { return std::make_unique<Reader>(answer); }

std::string Cohere::ModelsTarget(const Endpoint& endpoint) const {
  std::string base = BaseOf(endpoint);
  if (base.ends_with("/v2")) base.replace(base.size() - 3, 3, "/v1");
  return fmt::format("{}/models{}endpoint=chat&page_size=1000", base,
                     endpoint.query().empty() ? "?" : endpoint.query() + "&");
}

ModelList Cohere::ReadModels(std::string_view body, size_t most) const { return ReadModelList(body, most); }

}  // namespace ftl
