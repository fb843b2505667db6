#include "services/sample-endpoint/routes.h"

#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/chat_request.h"
#include "services/sample-endpoint/completion.h"
#include "services/sample-endpoint/fault.h"
#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kWrongKey = "wrong-key";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kDeployments = "/openai/deployments/";
constexpr std::string_view kChatCompletions = "/chat/completions";
constexpr std::string_view kAbout =
    R"({"name":"finetunelab-sample-endpoint","about":"Canned answers at a chosen pace; no model is behind this.","models":"/v1/models","faults":"/faults","ledger":"/ledger"})";

// The pace of every fault, unless the fault is one of pace.
constexpr Temper kFaultTemper{"",
                              absl::Milliseconds(20),
                              absl::Milliseconds(20),
                              absl::Milliseconds(1),
                              absl::Milliseconds(1),
                              absl::ZeroDuration(),
                              Says::kAnswer,
                              false,
                              ""};

std::string ModelsJson() {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(std::back_inserter(list),
                   R"({}{{"id":"{}","object":"model","created":1735689600,"owned_by":"finetunelab-sample-endpoint"}})",
                   list.empty() ? "" : ",", temper.model);
  }
  return fmt::format(R"({{"object":"list","data":[{}]}})", list);
}

Script NotFound(std::string_view path) {
  return Json(404, ErrorJson(fmt::format("Unknown path {}. Chat completions are at /v1/chat/completions.", path),
                             "invalid_request_error", "unknown_url"));
}

Script WrongMethod(std::string_view allow) {
  return Json(405, ErrorJson(fmt::format("Use {}.", allow), "invalid_request_error", "method_not_allowed"),
              absl::ZeroDuration(), {{"allow", allow}});
}

// `{deployment}` of /openai/deployments/{deployment}/chat/completions; empty for any other path.
std::string_view DeploymentOf(std::string_view path) {
  if (!path.starts_with(kDeployments) || !path.ends_with(kChatCompletions)) return {};
  path.remove_prefix(kDeployments.size());
  path.remove_suffix(std::min(kChatCompletions.size(), path.size()));
  return path.find('/') == std::string_view::npos ? path : std::string_view();
}

bool IsChatPath(std::string_view path) {
  return path == "/v1/chat/completions" || path == "/chat/completions" || path == "/openai/v1/chat/completions";
}

bool IsModelsPath(std::string_view path) {
  return path == "/v1/models" || path == "/models" || path == "/openai/v1/models";
}

}  // namespace

Routes::Routes(Answers answers, std::string required_key)
    : answers_(std::move(answers)), required_key_(std::move(required_key)), models_(ModelsJson()) {}

bool Routes::IsKeyGood(const HttpRequest& request) const {
  std::string_view key = request.authorization;
  if (key.starts_with(kBearer)) key.remove_prefix(kBearer.size());
  if (key.empty()) key = request.api_key;
  if (key == kWrongKey) return false;
  return required_key_.empty() || key == required_key_;
}

Play Routes::Answer(const HttpRequest& request, absl::Time now) {
  const std::string_view path = request.path;
  const bool is_get = request.method == "GET";
  if (path == "/health") return {Json(200, R"({"status":"ok"})")};
  if (path == "/") return {Json(200, kAbout)};
  if (path == "/faults") return {Json(200, FaultsJson())};
  if (path == "/ledger") {
    if (is_get) return {Json(200, ledger_.Json(now, request.query.find("calls=false") == std::string::npos))};
    if (request.method != "DELETE") return {WrongMethod("GET, DELETE")};
    ledger_.Clear();
    return {Json(200, R"({"cleared":true})")};
  }
  const std::string_view deployment = DeploymentOf(path);
  const bool is_chat = IsChatPath(path) || !deployment.empty();
  if (!is_chat && !IsModelsPath(path)) return {NotFound(path)};
  if (is_chat && request.method != "POST") return {WrongMethod("POST")};
  if (!is_chat && !is_get) return {WrongMethod("GET")};
  if (!IsKeyGood(request)) {
    return {Json(401, ErrorJson("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"))};
  }
  if (!is_chat) return {Json(200, models_)};
  return Complete(request, deployment, now);
}

Play Routes::Complete(const HttpRequest& http, std::string_view deployment, absl::Time now) {
  const auto request = ReadChatRequest(http.body, deployment);
  if (!request.ok()) {
    const absl::string_view message = request.status().message();
    return {Json(400, ErrorJson(std::string_view(message.data(), message.size()), "invalid_request_error", ""))};
  }
  const int64_t call = ledger_.Began(request->model, request->prompt, now);
  Script script = AnswerChat(http, *request, now);
  ledger_.AnsweredWith(call, script.status);
  return {std::move(script), call};
}

Script Routes::AnswerChat(const HttpRequest& http, const ChatRequest& request, absl::Time now) const {
  const auto answer_as = [&](std::string_view fault) {
    const Completion completion = CompletionOf(request, kFaultTemper, answers_, now);
    return FaultOf(fault)->Answer(
        {request, completion, http.authorization, ledger_.CallsOf(request.model, request.prompt)});
  };
  if (FaultOf(request.model)) return answer_as(request.model);
  const Temper* temper = TemperOf(request.model);
  if (!temper) {
    return Json(404, ErrorJson(fmt::format("The model `{}` does not exist.", request.model), "invalid_request_error",
                               "model_not_found"));
  }
  const Completion completion = CompletionOf(request, *temper, answers_, now);
  if (!temper->is_flaky) return Answered(request, completion);
  switch (FateOf(request.prompt)) {
    case Fate::kServerError:
      return answer_as("fault-http-500");
    case Fate::kRateLimited:
      if (ledger_.CallsOf(request.model, request.prompt) % 2 == 1) return answer_as("fault-http-429");
      return Answered(request, completion);
    case Fate::kCutStream:
      return answer_as("fault-cut-stream");
    case Fate::kAnswered:
      break;
  }
  return Answered(request, completion);
}

}  // namespace ftl::sample_endpoint
