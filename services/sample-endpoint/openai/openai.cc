#include "services/sample-endpoint/openai/openai.h"

#include <algorithm>

#include <fmt/format.h>

#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kDeployments = "/openai/deployments/";
constexpr std::string_view kChatCompletions = "/chat/completions";

// `{deployment}` of /openai/deployments/{deployment}/chat/completions; empty for any other path.
std::string_view DeploymentOf(std::string_view path) {
  if (!path.starts_with(kDeployments) || !path.ends_with(kChatCompletions)) return {};
  path.remove_prefix(kDeployments.size());
  path.remove_suffix(std::min(kChatCompletions.size(), path.size()));
  return path.find('/') == std::string_view::npos ? path : std::string_view();
}

std::string_view TypeOf(int status) { return status < 500 ? "invalid_request_error" : "server_error"; }

std::string_view CodeOf(int status) {
  if (status == 401) return "invalid_api_key";
  return status == 404 ? "model_not_found" : "";
}

}  // namespace

Dialect::Asks OpenAi::AsksFor(std::string_view path) const {
  for (const std::string_view start : {"/v1", "", "/openai/v1"}) {
    if (!path.starts_with(start)) continue;
    const std::string_view rest = path.substr(start.size());
    if (rest == kChatCompletions) return Asks::kChat;
    if (rest == "/models") return Asks::kModels;
  }
  return DeploymentOf(path).empty() ? Asks::kNothing : Asks::kChat;
}

std::string_view OpenAi::KeyIn(const HttpRequest& request) const {
  std::string_view key = request.authorization;
  if (key.starts_with(kBearer)) key.remove_prefix(kBearer.size());
  return key.empty() ? std::string_view(request.api_key) : key;
}

absl::StatusOr<ChatRequest> OpenAi::ReadChat(std::string_view path, const HttpRequest& request) const {
  return ReadChatRequest(request.body, DeploymentOf(path));
}

std::vector<Step> OpenAi::Events(const Completion& completion) const { return EventsOf(completion); }

std::string OpenAi::Whole(const Completion& completion) const { return WholeJson(completion); }

std::string OpenAi::ErrorJson(int status, std::string_view message) const {
  return sample_endpoint::ErrorJson(message, TypeOf(status), CodeOf(status));
}

std::string OpenAi::ErrorEvent(std::string_view message) const { return Event(ErrorJson(500, message)); }

std::string OpenAi::ModelsJson() const {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(std::back_inserter(list),
                   R"({}{{"id":"{}","object":"model","created":1735689600,"owned_by":"finetunelab-sample-endpoint"}})",
                   list.empty() ? "" : ",", temper.model);
  }
  return fmt::format(R"({{"object":"list","data":[{}]}})", list);
}

std::optional<Script> OpenAi::Fail(std::string_view model, const Scene& scene) const {
  const Fault* fault = FaultOf(model);
  if (fault == nullptr) return std::nullopt;
  return fault->Answer(scene);
}

}  // namespace ftl::sample_endpoint
