#include "common/endpoint/format/google/google.h"

#include <absl/strings/ascii.h>
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

constexpr std::string_view kModels = "/models";

std::string BaseOf(const Endpoint& endpoint) { return endpoint.BaseOr("/v1beta", kModels); }

std::string WithQuery(const Endpoint& endpoint, std::string_view field) {
  return fmt::format("{}{}", endpoint.query().empty() ? "?" : endpoint.query() + "&", field);
}

// A model's name as a part of a path, whatever stands in it.
std::string PathOf(std::string_view model) {
  std::string path = model.starts_with("models/") || model.starts_with("tunedModels/") ? "/" : "/models/";
  const size_t folder = path == "/" ? model.find('/') + 1 : 0;
  path += model.substr(0, folder);
  for (const char c : model.substr(folder)) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.') {
      path += c;
    } else {
      fmt::format_to(std::back_inserter(path), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return path;
}

void AppendContent(std::string_view role, std::string_view text, std::string& list) {
  if (!list.empty()) list += ',';
  list += '{';
  if (!role.empty()) fmt::format_to(std::back_inserter(list), "\"role\":\"{}\",", role);
  list += "\"parts\":[{\"text\":";
  AppendJsonString(text, list);
  list += "}]}";
}

class Reader : public ObjectReader {
 public:
  using ObjectReader::ObjectReader;

 private:
  Brought ReadEvent(const json::object& event) override { return Read(event); }
  void ReadWhole(const json::object& body) override { Read(body); }

  Brought Read(const json::object& response) {
    Brought brought;
    if (const json::object* usage = ObjectIn(response, "usageMetadata")) ReadUsage(*usage);
    // A refused prompt has no candidate.
    if (const json::object* feedback = ObjectIn(response, "promptFeedback")) {
      const std::string_view reason = TextIn(*feedback, "blockReason");
      if (!reason.empty()) answer().TakeFinishReason(fmt::format("content_filter: {}", reason));
    }
    const json::array* candidates = ArrayIn(response, "candidates");
    if (candidates == nullptr || candidates->empty()) return brought;
    const json::object* candidate = candidates->front().if_object();
    if (candidate == nullptr) return brought;
    const json::object* content = ObjectIn(*candidate, "content");
    const json::array* parts = content == nullptr ? nullptr : ArrayIn(*content, "parts");
    if (parts != nullptr) {
      for (const json::value& part : *parts) {
        if (part.is_object()) ReadPart(part.get_object(), brought);
      }
    }
    answer().TakeFinishReason(TextIn(*candidate, "finishReason"));
    return brought;
  }

  void ReadPart(const json::object& part, Brought& brought) {
    Brought of_part;
    const json::value* thought = Find(part, "thought");
    if (const json::object* call = ObjectIn(part, "functionCall")) {
      const json::object* arguments = ObjectIn(*call, "args");
      const ToolCall whole{.id = std::string(TextIn(*call, "id")),
                           .name = std::string(TextIn(*call, "name")),
                           .arguments = arguments == nullptr ? "" : json::serialize(*arguments)};
      of_part = answer().TakeToolCallPart(calls_++, whole);
    } else if (thought != nullptr && thought->is_bool() && thought->get_bool()) {
      of_part = answer().TakeThought(TextIn(part, "text"));
    } else {
      of_part = answer().TakeText(TextIn(part, "text"));
    }
    brought.token |= of_part.token;
    brought.answer |= of_part.answer;
  }

  // Thoughts are counted beside the answer.
  void ReadUsage(const json::object& usage) {
    Usage counts;
    counts.input_tokens = CountIn(&usage, "promptTokenCount");
    counts.cached_tokens = CountIn(&usage, "cachedContentTokenCount");
    counts.reasoning_tokens = CountIn(&usage, "thoughtsTokenCount");
    if (const auto written = CountIn(&usage, "candidatesTokenCount")) {
      counts.output_tokens = *written + counts.reasoning_tokens.value_or(0);
    }
    answer().TakeCounts(counts);
  }

  size_t calls_ = 0;
};

}  // namespace

void Google::AppendFields(const Endpoint&, const Credential& credential, std::string& head) const {
  AppendKey("x-goog-api-key", "", credential, head);
}

std::string Google::ChatTarget(const Endpoint& endpoint, const ChatRequest& request) const {
  const std::string path = BaseOf(endpoint) + PathOf(request.model);
  if (!request.stream) return fmt::format("{}:generateContent{}", path, endpoint.query());
  return fmt::format("{}:streamGenerateContent{}", path, WithQuery(endpoint, "alt=sse"));
}

std::string Google::ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities&) const {
  std::string system;
  std::string contents;
  for (const ChatMessage& message : request.messages) {
    if (message.role == "system") {
      system += system.empty() ? message.content : "\n\n" + message.content;
    } else {
      AppendContent(message.role == "assistant" ? "model" : "user", message.content, contents);
    }
  }
  std::string body = fmt::format("{{\"contents\":[{}]", contents);
  if (!system.empty()) {
    std::string instruction;
    AppendContent("", system, instruction);
    body += ",\"systemInstruction\":" + instruction;
  }
  std::string settings;
  if (request.temperature) settings += fmt::format("\"temperature\":{}", *request.temperature);
  if (request.top_p) settings += fmt::format("{}\"topP\":{}", settings.empty() ? "" : ",", *request.top_p);
  if (request.max_tokens) {
    settings += fmt::format("{}\"maxOutputTokens\":{}", settings.empty() ? "" : ",", *request.max_tokens);
  }
  if (!settings.empty()) body += fmt::format(",\"generationConfig\":{{{}}}", settings);
  body += '}';
  return body;
}

std::unique_ptr<AnswerReader> Google::ReaderInto(ChatAnswer& answer) const { return std::make_unique<Reader>(answer); }

std::string Google::ModelsTarget(const Endpoint& endpoint) const {
  return BaseOf(endpoint) + std::string(kModels) + WithQuery(endpoint, "pageSize=1000");
}

ModelList Google::ReadModels(std::string_view body, size_t most) const {
  return ReadModelList(body, most, [](const json::object& entry) {
    const json::array* methods = ArrayIn(entry, "supportedGenerationMethods");
    if (methods == nullptr) return true;
    for (const json::value& method : *methods) {
      if (method.is_string() && method.get_string() == "generateContent") return true;
    }
    return false;
  });
}

}  // namespace ftl
