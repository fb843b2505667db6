#include "services/sample-endpoint/routes.h"

#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/completion.h"
#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kWrongKey = "wrong-key";
constexpr std::string_view kAbout =
    R"({"name":"finetunelab-sample-endpoint","about":"Canned answers at a chosen pace; no model is behind this.","models":"/v1/models","faults":"/faults","ledger":"/ledger","dialects":["/anthropic/v1","/google/v1beta","/cohere/v2","/huggingface/v1"]})";

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

Script NotFound(std::string_view path) {
  return Json(404, ErrorJson(fmt::format("Unknown path {}. Chat completions are at /v1/chat/completions.", path),
                             "invalid_request_error", "unknown_url"));
}

Script WrongMethod(std::string_view allow) {
  return Json(405, ErrorJson(fmt::format("Use {}.", allow), "invalid_request_error", "method_not_allowed"),
              absl::ZeroDuration(), {{"allow", allow}});
}

}  // namespace

Routes::Routes(Answers answers, std::string required_key)
    : answers_(std::move(answers)), required_key_(std::move(required_key)) {}

bool Routes::IsKeyGood(std::string_view key) const {
  if (key == kWrongKey) return false;
  return required_key_.empty() || key == required_key_;
}

Play Routes::Answer(const HttpRequest& request, absl::Time now) {
  std::string_view path = request.path;
  if (path == "/health") return {Json(200, R"({"status":"ok"})")};
  if (path == "/") return {Json(200, kAbout)};
  if (path == "/faults") return {Json(200, FaultsJson())};
  if (path == "/ledger") {
    if (request.method == "GET") {
      return {Json(200, ledger_.Json(now, request.query.find("calls=false") == std::string::npos))};
    }
    if (request.method != "DELETE") return {WrongMethod("GET, DELETE")};
    ledger_.Clear();
    return {Json(200, R"({"cleared":true})")};
  }
  const Dialect& dialect = DialectOf(path);
  return Speak(dialect, path, request, now);
}

Play Routes::Speak(const Dialect& dialect, std::string_view path, const HttpRequest& request, absl::Time now) {
  const Dialect::Asks asks = dialect.AsksFor(path);
  if (asks == Dialect::Asks::kNothing) return {NotFound(request.path)};
  const std::string_view method = asks == Dialect::Asks::kChat ? "POST" : "GET";
  if (request.method != method) return {WrongMethod(method)};
  if (!dialect.IsOpen(asks) && !IsKeyGood(dialect.KeyIn(request))) {
    return {Json(401, dialect.ErrorJson(401, "Incorrect API key provided."))};
  }
  if (asks == Dialect::Asks::kModels) return {Json(200, dialect.ModelsJson())};
  if (asks == Dialect::Asks::kKey) return {Json(200, dialect.KeyJson())};
  return Complete(dialect, path, request, now);
}

Play Routes::Complete(const Dialect& dialect, std::string_view path, const HttpRequest& http, absl::Time now) {
  const auto request = dialect.ReadChat(path, http);
  if (!request.ok()) {
    const absl::string_view message = request.status().message();
    return {Json(400, dialect.ErrorJson(400, {message.data(), message.size()}))};
  }
  const int64_t call = ledger_.Began(request->model, request->prompt, now);
  Script script = AnswerChat(dialect, http, *request, now);
  ledger_.AnsweredWith(call, script.status);
  return {std::move(script), call};
}

Script Routes::AnswerChat(const Dialect& dialect, const HttpRequest& http, const ChatRequest& request,
                          absl::Time now) const {
  const auto fail_as = [&](std::string_view fault) {
    const Completion completion = CompletionOf(request, kFaultTemper, answers_, now);
    const std::string_view shown =
        http.authorization.empty() ? dialect.KeyIn(http) : std::string_view(http.authorization);
    return dialect.Fail(fault, {request, completion, shown, ledger_.CallsOf(request.model, request.prompt)});
  };
  const Temper* temper = TemperOf(request.model);
  if (!temper) {
    if (std::optional<Script> failed = fail_as(request.model)) return *std::move(failed);
    return Json(404, dialect.ErrorJson(404, fmt::format("The model `{}` does not exist.", request.model)));
  }
  const Completion completion = CompletionOf(request, *temper, answers_, now);
  if (!temper->is_flaky) return dialect.Answer(request, completion);
  switch (FateOf(request.prompt)) {
    case Fate::kServerError:
      return *fail_as("fault-http-500");
    case Fate::kRateLimited:
      if (ledger_.CallsOf(request.model, request.prompt) % 2 == 1) return *fail_as("fault-http-429");
      break;
    case Fate::kCutStream:
      return *fail_as("fault-cut-stream");
    case Fate::kAnswered:
      break;
  }
  return dialect.Answer(request, completion);
}

}  // namespace ftl::sample_endpoint
