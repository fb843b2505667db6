#include "services/sample-endpoint/anthropic/anthropic.h"

#include <fmt/format.h>

#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

std::string_view TypeOf(int status) {
  switch (status) {
    case 400:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      return "api_error";
  }
}

std::string ErrorOf(std::string_view type, std::string_view message) {
  return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}},"request_id":"req_sample"}})", type,
                     Quoted(message));
}

std::string EventOf(std::string_view type, std::string_view fields) {
  return fmt::format("event: {0}\ndata: {{\"type\":\"{0}\"{1}}}\n\n", type, fields);
}

std::string StopReasonOf(const Completion& completion) {
  return completion.finish_reason == "length" ? "max_tokens" : "end_turn";
}

std::string UsageOf(const Completion& completion, int output_tokens) {
  return fmt::format(
      R"({{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{}}})",
      completion.input_tokens, output_tokens);
}

std::string MessageOf(const Completion& completion, std::string_view content, std::string_view stop_reason,
                      int output_tokens) {
  return fmt::format(
      R"({{"id":"msg_{}","type":"message","role":"assistant","model":{},"content":[{}],"stop_reason":{},"stop_sequence":null,"usage":{}}})",
      completion.id, Quoted(completion.model), content, stop_reason.empty() ? "null" : Quoted(stop_reason),
      UsageOf(completion, output_tokens));
}

Step Start(const Completion& completion) {
  return {completion.pace.At(0),
          EventOf("message_start", ",\"message\":" + MessageOf(completion, "", "", /*output_tokens=*/1))};
}

// The end of every stream.
void Finish(const Completion& completion, std::string_view stop_reason, std::vector<Step>& events) {
  events.push_back(
      {completion.End(),
       EventOf("message_delta",
               fmt::format(R"(,"delta":{{"stop_reason":"{}","stop_sequence":null}},"usage":{{"output_tokens":{}}})",
                           stop_reason, completion.OutputTokens()))});
  events.push_back({completion.End(), EventOf("message_stop", "")});
}

Script ToolUse(const Scene& scene) {
  const Completion& completion = scene.completion;
  if (!scene.request.stream) {
    return Json(200,
                MessageOf(completion, R"({"type":"tool_use","id":"toolu_1","name":"look_up","input":{"order":"1187"}})",
                          "tool_use", 12));
  }
  const absl::Duration at = completion.pace.At(0);
  std::vector<Step> events{Start(completion)};
  events.push_back(
      {at,
       EventOf("content_block_start",
               R"(,"index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"look_up","input":{}})"),
       true});
  for (const std::string_view piece : {R"({\"order\":)", R"(\"1187\"})"}) {
    events.push_back(
        {at, EventOf("content_block_delta",
                     fmt::format(R"(,"index":0,"delta":{{"type":"input_json_delta","partial_json":"{}"}})", piece))});
  }
  events.push_back({at, EventOf("content_block_stop", R"(,"index":0)")});
  Finish(completion, "tool_use", events);
  return EventStream(std::move(events));
}

Script Refused(const Scene& scene) {
  if (!scene.request.stream) return Json(200, MessageOf(scene.completion, "", "refusal", 0));
  std::vector<Step> events{Start(scene.completion)};
  Finish(scene.completion, "refusal", events);
  return EventStream(std::move(events));
}

}  // namespace

Dialect::Asks Anthropic::AsksFor(std::string_view path) const {
  if (path == "/v1/messages") return Asks::kChat;
  return path == "/v1/models" ? Asks::kModels : Asks::kNothing;
}

std::string_view Anthropic::KeyIn(const HttpRequest& request) const { return request.x_api_key; }

absl::StatusOr<ChatRequest> Anthropic::ReadChat(std::string_view, const HttpRequest& request) const {
  if (request.anthropic_version.empty()) return absl::InvalidArgumentError("anthropic-version: header is required");
  absl::StatusOr<ChatRequest> chat = ReadChatRequest(request.body);
  if (!chat.ok()) return chat;
  if (chat->names_system) {
    return absl::InvalidArgumentError(
        "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter.");
  }
  if (!chat->max_tokens) return absl::InvalidArgumentError("max_tokens: Field required");
  return chat;
}

std::vector<Step> Anthropic::Events(const Completion& completion) const {
  std::vector<Step> events{Start(completion)};
  int piece = 0;
  int block = 0;
  const auto add_block = [&](const std::vector<std::string>& pieces, std::string_view type, std::string_view field) {
    if (pieces.empty()) return;
    const absl::Duration start = completion.pace.At(piece);
    events.push_back(
        {start, EventOf("content_block_start",
                        fmt::format(R"(,"index":{},"content_block":{{"type":"{}","{}":""}})", block, type, field))});
    for (const std::string& text : pieces) {
      const bool is_first = piece == 0;
      events.push_back(
          {completion.pace.At(piece++),
           EventOf("content_block_delta", fmt::format(R"(,"index":{},"delta":{{"type":"{}_delta","{}":{}}})", block,
                                                      type, field, Quoted(text))),
           is_first});
    }
    events.push_back({events.back().at, EventOf("content_block_stop", fmt::format(",\"index\":{}", block++))});
  };
  add_block(completion.reasoning, "thinking", "thinking");
  add_block(completion.pieces, "text", "text");
  Finish(completion, StopReasonOf(completion), events);
  return events;
}

std::string Anthropic::Whole(const Completion& completion) const {
  std::string content;
  if (!completion.reasoning.empty()) {
    content =
        fmt::format(R"({{"type":"thinking","thinking":{},"signature":"c2FtcGxl"}},)", Quoted(completion.Reasoning()));
  }
  content += fmt::format(R"({{"type":"text","text":{}}})", Quoted(completion.Text()));
  return MessageOf(completion, content, StopReasonOf(completion), completion.OutputTokens());
}

std::string Anthropic::ErrorJson(int status, std::string_view message) const {
  return ErrorOf(TypeOf(status), message);
}

std::string Anthropic::ErrorEvent(std::string_view message) const {
  return fmt::format("event: error\ndata: {}\n\n", ErrorOf("api_error", message));
}

std::string Anthropic::ModelsJson() const {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(std::back_inserter(list),
                   R"({}{{"type":"model","id":"{}","display_name":"Sample {}","created_at":"2025-01-01T00:00:00Z"}})",
                   list.empty() ? "" : ",", temper.model, temper.model.substr(7));
  }
  return fmt::format(R"({{"data":[{}],"has_more":false}})", list);
}

std::span<const Fault> Anthropic::OwnFaults() const {
  static const Fault kFaults[] = {
      {"fault-http-529", [](const Scene&) { return Json(529, ErrorOf("overloaded_error", "Overloaded")); },
       "529, overloaded"},
      {"fault-http-429-spend",
       [](const Scene&) {
         return Json(429, ErrorOf("rate_limit_error",
                                  "You have reached your specified API usage limits. You will regain access on "
                                  "2099-01-01 at 00:00 UTC."));
       },
       "429 that no waiting helps: a spend limit"},
      {"fault-credit",
       [](const Scene&) {
         return Json(400, ErrorOf("invalid_request_error",
                                  "Your credit balance is too low to access the API. Please go to Plans & Billing."));
       },
       "400, out of credit"},
      {"fault-overloaded-in-stream",
       [](const Scene& scene) {
         std::vector<Step> events{Start(scene.completion)};
         events.push_back({events[0].at, "event: error\ndata: " + ErrorOf("overloaded_error", "Overloaded") + "\n\n"});
         return EventStream(std::move(events));
       },
       "an overload within a stream"},
      {"fault-tool-use", ToolUse, "a tool call, its input in pieces"},
      {"fault-refusal", Refused, "stop_reason refusal, without text"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
