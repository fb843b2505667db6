#include "services/sample-endpoint/cohere/cohere.h"

#include <fmt/format.h>

#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

std::string EventOf(std::string_view type, std::string_view fields) {
  return fmt::format("event: {0}\ndata: {{\"type\":\"{0}\"{1}}}\n\n", type, fields);
}

std::string FinishOf(const Completion& completion) {
  return completion.finish_reason == "length" ? "MAX_TOKENS" : "COMPLETE";
}

std::string UsageOf(const Completion& completion) {
  return fmt::format(
      R"({{"billed_units":{{"input_tokens":{0},"output_tokens":{1}}},"tokens":{{"input_tokens":{0},"output_tokens":{1}}}}})",
      completion.input_tokens, completion.OutputTokens());
}

Step Start(const Completion& completion) {
  return {
      completion.pace.At(0),
      EventOf(
          "message-start",
          fmt::format(
              R"(,"id":"{}","delta":{{"message":{{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}})",
              completion.id))};
}

Step End(const Completion& completion, std::string_view finish_reason) {
  return {completion.End(),
          EventOf("message-end", fmt::format(R"(,"id":"{}","delta":{{"finish_reason":"{}","usage":{}}})", completion.id,
                                             finish_reason, UsageOf(completion)))};
}

std::string WholeOf(const Completion& completion, std::string_view message, std::string_view finish_reason) {
  return fmt::format(R"({{"id":"{}","message":{{"role":"assistant",{}}},"finish_reason":"{}","usage":{}}})",
                     completion.id, message, finish_reason, UsageOf(completion));
}

Script ToolCall(const Scene& scene) {
  const Completion& completion = scene.completion;
  if (!scene.request.stream) {
    return Json(
        200,
        WholeOf(
            completion,
            R"("tool_plan":"I look it up.","tool_calls":[{"id":"look_up_1","type":"function","function":{"name":"look_up","arguments":"{\"order\":\"1187\"}"}}])",
            "TOOL_CALL"));
  }
  const absl::Duration at = completion.pace.At(0);
  return EventStream(
      {Start(completion),
       {at, EventOf("tool-plan-delta", R"(,"delta":{"message":{"tool_plan":"I look it up."}})"), true},
       {at,
        EventOf(
            "tool-call-start",
            R"(,"index":0,"delta":{"message":{"tool_calls":{"id":"look_up_1","type":"function","function":{"name":"look_up","arguments":""}}}})")},
       {at, EventOf("tool-call-delta",
                    R"(,"index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"order\":"}}}})")},
       {at, EventOf("tool-call-delta",
                    R"(,"index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"\"1187\"}"}}}})")},
       {at, EventOf("tool-call-end", R"(,"index":0)")},
       End(completion, "TOOL_CALL")});
}

}  // namespace

Dialect::Asks Cohere::AsksFor(std::string_view path) const {
  if (path == "/v2/chat") return Asks::kChat;
  return path == "/v1/models" ? Asks::kModels : Asks::kNothing;
}

std::string_view Cohere::KeyIn(const HttpRequest& request) const { return OpenAiDialect().KeyIn(request); }

absl::StatusOr<ChatRequest> Cohere::ReadChat(std::string_view, const HttpRequest& request) const {
  return ReadChatRequest(request.body);
}

std::vector<Step> Cohere::Events(const Completion& completion) const {
  std::vector<Step> events{Start(completion)};
  int piece = 0;
  int block = 0;
  const auto add_block = [&](const std::vector<std::string>& pieces, std::string_view field) {
    if (pieces.empty()) return;
    events.push_back(
        {completion.pace.At(piece),
         EventOf("content-start",
                 fmt::format(R"(,"index":{0},"delta":{{"message":{{"content":{{"type":"{1}","{1}":""}}}}}})", block,
                             field))});
    for (const std::string& text : pieces) {
      const bool is_first = piece == 0;
      events.push_back(
          {completion.pace.At(piece++),
           EventOf("content-delta", fmt::format(R"(,"index":{},"delta":{{"message":{{"content":{{"{}":{}}}}}}})", block,
                                                field, Quoted(text))),
           is_first});
    }
    events.push_back({events.back().at, EventOf("content-end", fmt::format(",\"index\":{}", block++))});
  };
  add_block(completion.reasoning, "thinking");
  add_block(completion.pieces, "text");
  events.push_back(End(completion, FinishOf(completion)));
  return events;
}

std::string Cohere::Whole(const Completion& completion) const {
  std::string content;
  if (!completion.reasoning.empty()) {
    content = fmt::format(R"({{"type":"thinking","thinking":{}}},)", Quoted(completion.Reasoning()));
  }
  content += fmt::format(R"({{"type":"text","text":{}}})", Quoted(completion.Text()));
  return WholeOf(completion, fmt::format(R"("content":[{}])", content), FinishOf(completion));
}

std::string Cohere::ErrorJson(int, std::string_view message) const {
  return fmt::format(R"({{"id":"sample","message":{}}})", Quoted(message));
}

std::string Cohere::ErrorEvent(std::string_view message) const { return Event(ErrorJson(500, message)); }

std::string Cohere::ModelsJson() const {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(std::back_inserter(list),
                   R"({}{{"name":"{}","endpoints":["chat"],"finetuned":false,"context_length":32768}})",
                   list.empty() ? "" : ",", temper.model);
  }
  return fmt::format(R"({{"models":[{}]}})", list);
}

std::span<const Fault> Cohere::OwnFaults() const {
  static const Fault kFaults[] = {
      {"fault-trial-limit",
       [](const Scene&) {
         return Json(429, R"({"message":"You are using a Trial key, which is limited to 1000 API calls per month."})");
       },
       "429, the month's calls of a trial key are used up"},
      {"fault-finish-error",
       [](const Scene& scene) {
         if (!scene.request.stream) return Json(200, WholeOf(scene.completion, R"("content":[])", "ERROR"));
         return EventStream({Start(scene.completion), End(scene.completion, "ERROR")});
       },
       "finish_reason ERROR"},
      {"fault-tool-call", ToolCall, "a plan and a tool call, its arguments in pieces"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
