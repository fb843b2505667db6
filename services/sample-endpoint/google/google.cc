#include "services/sample-endpoint/google/google.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "services/sample-endpoint/pieces.h"
#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

namespace json = boost::json;

constexpr std::string_view kModels = "/v1beta/models";
constexpr std::string_view kGenerate = ":generateContent";
constexpr std::string_view kStream = ":streamGenerateContent";

std::string_view StatusOf(int status) {
  switch (status) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
      return "UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

std::string ErrorOf(int status, std::string_view message, std::string_view details = "") {
  return fmt::format(R"({{"error":{{"code":{},"message":{},"status":"{}"{}}}}})", status, Quoted(message),
                     StatusOf(status), details);
}

std::string TextPart(std::string_view text, bool is_thought = false) {
  return fmt::format(R"({{"text":{}{}}})", Quoted(text), is_thought ? R"(,"thought":true)" : "");
}

std::string ResponseOf(const Completion& completion, std::string_view parts, std::string_view finish_reason,
                       bool with_counts) {
  std::string response = fmt::format(
      R"({{"candidates":[{{"content":{{"parts":[{}],"role":"model"}}{},"index":0}}],"usageMetadata":{{"promptTokenCount":{})",
      parts, finish_reason.empty() ? "" : fmt::format(R"(,"finishReason":"{}")", finish_reason),
      completion.input_tokens);
  if (with_counts) {
    fmt::format_to(
        std::back_inserter(response), R"(,"candidatesTokenCount":{},"thoughtsTokenCount":{},"totalTokenCount":{})",
        completion.pieces.size(), completion.reasoning.size(), completion.input_tokens + completion.OutputTokens());
  }
  return response + fmt::format(R"(}},"modelVersion":{},"responseId":"{}"}})", Quoted(completion.model), completion.id);
}

std::string FinishOf(const Completion& completion) {
  return completion.finish_reason == "length" ? "MAX_TOKENS" : "STOP";
}

Script One(const Scene& scene, const std::string& response) {
  const absl::Duration at = scene.completion.pace.At(0);
  if (!scene.request.stream) return Json(200, response, at);
  return EventStream({{at, Event(response), true}});
}

absl::Status ReadContents(const json::object& body, ChatRequest& request) {
  const json::value* contents = body.if_contains("contents");
  if (contents == nullptr || !contents->is_array() || contents->get_array().empty()) {
    return absl::InvalidArgumentError("* GenerateContentRequest.contents: contents is not specified");
  }
  for (const json::value& content : contents->get_array()) {
    std::string text;
    const json::object* fields = content.if_object();
    const json::value* parts = fields == nullptr ? nullptr : fields->if_contains("parts");
    if (parts == nullptr || !parts->is_array()) return absl::InvalidArgumentError("A content needs its parts.");
    for (const json::value& part : parts->get_array()) {
      const json::value* words = part.is_object() ? part.get_object().if_contains("text") : nullptr;
      if (words != nullptr && words->is_string()) text += words->get_string();
    }
    const json::value* role = fields->if_contains("role");
    const bool is_user = role == nullptr || (role->is_string() && role->get_string() == "user");
    if (!is_user && !(role->is_string() && role->get_string() == "model")) {
      return absl::InvalidArgumentError("Please use a valid role: user, model.");
    }
    request.input_tokens += static_cast<int>(Pieces(text).size());
    if (is_user) request.prompt = std::move(text);
  }
  return absl::OkStatus();
}

}  // namespace

Dialect::Asks Google::AsksFor(std::string_view path) const {
  if (path == kModels) return Asks::kModels;
  const bool is_model = path.starts_with(kModels) && path.substr(kModels.size()).starts_with('/');
  return is_model && (path.ends_with(kGenerate) || path.ends_with(kStream)) ? Asks::kChat : Asks::kNothing;
}

std::string_view Google::KeyIn(const HttpRequest& request) const { return request.x_goog_api_key; }

absl::StatusOr<ChatRequest> Google::ReadChat(std::string_view path, const HttpRequest& http) const {
  ChatRequest request;
  request.stream = path.ends_with(kStream);
  if (request.stream && http.query.find("alt=sse") == std::string::npos) {
    return absl::InvalidArgumentError("This endpoint streams events alone: ask with alt=sse.");
  }
  path.remove_prefix(kModels.size() + 1);
  path.remove_suffix((request.stream ? kStream : kGenerate).size());
  request.model = path;
  boost::system::error_code fault;
  const json::value root = json::parse({http.body.data(), http.body.size()}, fault);
  if (fault || !root.is_object()) return absl::InvalidArgumentError("Invalid JSON payload received.");
  if (absl::Status read = ReadContents(root.get_object(), request); !read.ok()) return read;
  const json::value* settings = root.get_object().if_contains("generationConfig");
  if (settings == nullptr || !settings->is_object()) return request;
  request.names_temperature = settings->get_object().contains("temperature");
  if (const json::value* limit = settings->get_object().if_contains("maxOutputTokens")) {
    request.max_tokens = limit->to_number<int>(fault);
    if (fault || *request.max_tokens < 1) return absl::InvalidArgumentError("maxOutputTokens must be from 1.");
  }
  return request;
}

std::vector<Step> Google::Events(const Completion& completion) const {
  std::vector<Step> events;
  const int last = completion.OutputTokens() - 1;
  const auto add = [&](const std::string& piece, bool is_thought) {
    const int place = static_cast<int>(events.size());
    events.push_back({completion.pace.At(place),
                      Event(ResponseOf(completion, TextPart(piece, is_thought),
                                       place == last ? FinishOf(completion) : "", place == last)),
                      events.empty()});
  };
  for (const std::string& piece : completion.reasoning) add(piece, true);
  for (const std::string& piece : completion.pieces) add(piece, false);
  if (!events.empty()) events.back().at = completion.End();
  if (events.empty()) events.push_back({completion.End(), Event(ResponseOf(completion, TextPart(""), "STOP", true))});
  return events;
}

std::string Google::Whole(const Completion& completion) const {
  std::string parts;
  if (!completion.reasoning.empty()) parts = TextPart(completion.Reasoning(), true) + ",";
  parts += TextPart(completion.Text());
  return ResponseOf(completion, parts, FinishOf(completion), true);
}

std::string Google::ErrorJson(int status, std::string_view message) const { return ErrorOf(status, message); }

std::string Google::ErrorEvent(std::string_view message) const { return Event(ErrorOf(500, message)); }

std::string Google::ModelsJson() const {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(
        std::back_inserter(list),
        R"({{"name":"models/{}","version":"001","displayName":"Sample {}","inputTokenLimit":32768,"outputTokenLimit":8192,"supportedGenerationMethods":["generateContent","countTokens"]}},)",
        temper.model, temper.model.substr(7));
  }
  return fmt::format(
      R"({{"models":[{}{{"name":"models/sample-embedding","supportedGenerationMethods":["embedContent"]}}]}})", list);
}

std::span<const Fault> Google::OwnFaults() const {
  static const Fault kFaults[] = {
      {"fault-key-invalid",
       [](const Scene&) {
         return Json(
             400,
             ErrorOf(
                 400, "API key not valid. Please pass a valid API key.",
                 R"(,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}])"));
       },
       "400 API_KEY_INVALID"},
      {"fault-quota-day",
       [](const Scene&) {
         return Json(
             429,
             ErrorOf(
                 429, "You exceeded your current quota, please check your plan and billing details.",
                 R"(,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}])"));
       },
       "429, the day's quota is used up"},
      {"fault-retry-delay",
       [](const Scene&) {
         return Json(
             429, ErrorOf(429, "Resource has been exhausted. Please retry in 3.5s.",
                          R"(,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}])"));
       },
       "429 whose details say how long to wait"},
      {"fault-array-error",
       [](const Scene&) { return Json(503, "[" + ErrorOf(503, "The model is overloaded.") + "]"); },
       "503 as an array that holds the error"},
      {"fault-blocked-prompt",
       [](const Scene& scene) {
         return One(
             scene,
             R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}})");
       },
       "the prompt is blocked: no candidate"},
      {"fault-finish-safety",
       [](const Scene& scene) { return One(scene, ResponseOf(scene.completion, TextPart("Some"), "SAFETY", true)); },
       "stopped by the filter after some text"},
      {"fault-function-call",
       [](const Scene& scene) {
         return One(scene, ResponseOf(scene.completion,
                                      R"({"functionCall":{"name":"look_up","args":{"order":"1187"}}})", "STOP", true));
       },
       "a function call"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
