#include "common/endpoint/format/anthropic/anthropic.h"

#include <map>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/json_fields.h"
#include "common/endpoint/format/model_listing.h"
#include "common/endpoint/url/endpoint.h"
#include "common/json/json_writer.h"

namespace ftl {
namespace {

namespace json = boost::json;

constexpr std::string_view kVersion = "2023-06-01";
constexpr std::string_view kMessages = "/messages";
constexpr int kTokensWithoutLimit = 4096;

std::string BaseOf(const Endpoint& endpoint) { return endpoint.BaseOr("/v1", kMessages); }

class Reader : public ObjectReader {
 public:
  using ObjectReader::ObjectReader;

 private:
  Brought ReadEvent(const json::object& event) override {
    const std::string_view type = TextIn(event, "type");
    if (type == "message_start") {
      if (const json::object* message = ObjectIn(event, "message")) ReadUsage(*message);
    } else if (type == "content_block_start") {
      const json::object* block = ObjectIn(event, "content_block");
      if (block != nullptr) return ReadBlock(CountIn(&event, "index").value_or(0), *block, /*is_whole=*/false);
    } else if (type == "content_block_delta") {
      const json::object* delta = ObjectIn(event, "delta");
      if (delta != nullptr) return ReadDelta(CountIn(&event, "index").value_or(0), *delta);
    } else if (type == "message_delta") {
      ReadUsage(event);
      if (const json::object* delta = ObjectIn(event, "delta")) {
        answer().TakeFinishReason(TextIn(*delta, "stop_reason"));
      }
    } else if (type == "message_stop") {
      answer().TakeEnd();
    }
    return {};
  }

  void ReadWhole(const json::object& body) override {
    if (const json::array* blocks = ArrayIn(body, "content")) {
      int64_t index = 0;
      for (const json::value& value : *blocks) {
        if (const json::object* block = value.if_object()) ReadBlock(index, *block, /*is_whole=*/true);
        ++index;
      }
    }
    ReadUsage(body);
    answer().TakeFinishReason(TextIn(body, "stop_reason"));
  }

  Brought ReadBlock(int64_t index, const json::object& block, bool is_whole) {
    const std::string_view type = TextIn(block, "type");
    if (type == "text") return answer().TakeText(TextIn(block, "text"));
    if (type == "thinking") return answer().TakeThought(TextIn(block, "thinking"));
    if (type != "tool_use") return {};
    ToolCall call{.id = std::string(TextIn(block, "id")), .name = std::string(TextIn(block, "name")), .arguments = {}};
    // In a stream the input comes as text, and stands here empty.
    const json::object* input = ObjectIn(block, "input");
    if (is_whole && input != nullptr) call.arguments = json::serialize(*input);
    return answer().TakeToolCallPart(CallAt(index), call);
  }

  Brought ReadDelta(int64_t index, const json::object& delta) {
    const std::string_view type = TextIn(delta, "type");
    if (type == "text_delta") return answer().TakeText(TextIn(delta, "text"));
    if (type == "thinking_delta") return answer().TakeThought(TextIn(delta, "thinking"));
    if (type != "input_json_delta") return {};
    const ToolCall part{.id = {}, .name = {}, .arguments = std::string(TextIn(delta, "partial_json"))};
    return answer().TakeToolCallPart(CallAt(index), part);
  }

  // Blocks of all kinds are counted together; the answer counts its tool calls.
  size_t CallAt(int64_t block) { return calls_.emplace(block, calls_.size()).first->second; }

  // Input that was cached is counted beside the rest.
  void ReadUsage(const json::object& holder) {
    const json::object* usage = ObjectIn(holder, "usage");
    if (usage == nullptr) return;
    Usage counts;
    const auto cached = CountIn(usage, "cache_read_input_tokens");
    if (const auto input = CountIn(usage, "input_tokens")) {
      counts.input_tokens = *input + cached.value_or(0) + CountIn(usage, "cache_creation_input_tokens").value_or(0);
    }
    counts.cached_tokens = cached;
    counts.output_tokens = CountIn(usage, "output_tokens");
    answer().TakeCounts(counts);
  }

  std::map<int64_t, size_t> calls_;
};

}  // namespace

void Anthropic::AppendFields(const Endpoint&, const Credential& credential, std::string& head) const {
  constexpr std::string_view kVersionField = "anthropic-version";
  if (!credential.HasHeader(kVersionField)) {
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", kVersionField, kVersion);
  }
  AppendKey("x-api-key", "", credential, head);
}

std::string Anthropic::ChatTarget(const Endpoint& endpoint, const ChatRequest&) const {
  return fmt::format("{}{}{}", BaseOf(endpoint), kMessages, endpoint.query());
}

std::string Anthropic::ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities&) const {
  std::string system;
  std::string messages;
  for (const ChatMessage& message : request.messages) {
    if (message.role == "system") {
      system += system.empty() ? message.content : "\n\n" + message.content;
      continue;
    }
    messages += messages.empty() ? "{\"role\":" : ",{\"role\":";
    AppendJsonString(message.role, messages);
    messages += ",\"content\":";
    AppendJsonString(message.content, messages);
    messages += '}';
  }
  std::string body = "{\"model\":";
  AppendJsonString(request.model, body);
  fmt::format_to(std::back_inserter(body), ",\"max_tokens\":{}", request.max_tokens.value_or(kTokensWithoutLimit));
  if (!system.empty()) {
    body += ",\"system\":";
    AppendJsonString(system, body);
  }
  fmt::format_to(std::back_inserter(body), ",\"messages\":[{}]", messages);
  if (request.temperature) fmt::format_to(std::back_inserter(body), ",\"temperature\":{}", *request.temperature);
  // Its newer models take one of the two.
  if (request.top_p && !request.temperature) {
    fmt::format_to(std::back_inserter(body), ",\"top_p\":{}", *request.top_p);
  }
  body += request.stream ? ",\"stream\":true}" : ",\"stream\":false}";
  return body;
}

std::unique_ptr<AnswerReader> Anthropic::ReaderInto(ChatAnswer& answer) const {
  return std::make_unique<Reader>(answer);
}

std::string Anthropic::ModelsTarget(const Endpoint& endpoint) const {
  return fmt::format("{}/models{}limit=1000", BaseOf(endpoint),
                     endpoint.query().empty() ? "?" : endpoint.query() + "&");
}

ModelList Anthropic::ReadModels(std::string_view body, size_t most) const { return ReadModelList(body, most); }

}  // namespace ftl
