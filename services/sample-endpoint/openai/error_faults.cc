#include <string>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kInvalid = "invalid_request_error";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

Script Error(int status, std::string_view message, std::string_view type, std::string_view code = {},
             Headers headers = {}) {
  return Json(status, ErrorJson(message, type, code), absl::ZeroDuration(), headers);
}

std::string HtmlPage(std::string_view title) {
  return fmt::format(
      "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
      "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
      title);
}

Script Html(int status, std::string_view title) { return Whole(status, kHtml, HtmlPage(title), absl::ZeroDuration()); }

// An event in the stream that holds an error, after two pieces of the answer.
Script ErrorInStream(const Scene& scene, std::string_view error_json, bool is_done_after) {
  std::vector<Step> events{RoleEvent(scene.completion)};
  const std::vector<Step> pieces = PieceEvents(scene.completion);
  for (size_t i = 0; i < pieces.size() && i < 2; ++i) events.push_back(pieces[i]);
  events.push_back({events.back().at, Event(error_json)});
  if (is_done_after) events.push_back({events.back().at, "data: [DONE]\n\n"});
  return EventStream(std::move(events));
}

// The refusal of a parameter, until it is left out.
Script RefusedParameter(const Scene& scene, bool is_there, int status, std::string_view parameter,
                        std::string_view message) {
  if (!is_there) return Answered(scene.request, scene.completion);
  return Json(status, fmt::format(R"({{"error":{{"message":{},"type":"invalid_request_error","param":{},"code":{}}}}})",
                                  Quoted(message), Quoted(parameter), Quoted("unsupported_parameter")));
}

Script RefusedStreamOptions(const Scene& scene, int status, std::string_view body) {
  return scene.request.names_stream_options ? Json(status, body) : Answered(scene.request, scene.completion);
}

}  // namespace

std::span<const Fault> ErrorFaults() {
  static const Fault kFaults[] = {
      {"fault-http-400", [](const Scene&) { return Error(400, "Your request is not acceptable.", kInvalid); }, "400"},
      {"fault-http-401",
       [](const Scene&) { return Error(401, "Incorrect API key provided.", kInvalid, "invalid_api_key"); },
       "401, the key is refused"},
      {"fault-http-402-quota",
       [](const Scene&) { return Error(402, "Insufficient credits. Add more to continue.", "billing_error"); },
       "402, out of credit"},
      {"fault-http-403",
       [](const Scene&) { return Error(403, "Your key may not use this model.", "permission_error"); }, "403"},
      {"fault-http-404-model",
       [](const Scene&) { return Error(404, "The model `my-model` does not exist.", kInvalid, "model_not_found"); },
       "404 in JSON, no such model"},
      {"fault-http-404-html", [](const Scene&) { return Html(404, "404 Not Found"); },
       "404 as an HTML page, as for a wrong path"},
      {"fault-http-422-stream-options",
       [](const Scene& scene) {
         return RefusedStreamOptions(
             scene, 422,
             R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":true}}]})");
       },
       "422 while stream_options is named; answers without"},
      {"fault-http-400-max-tokens",
       [](const Scene& scene) {
         return RefusedParameter(scene, scene.request.max_tokens.has_value(), 400, "max_tokens",
                                 "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                                 "'max_completion_tokens' instead.");
       },
       "400 while max_tokens is named; wants max_completion_tokens"},
      {"fault-http-400-temperature",
       [](const Scene& scene) {
         return RefusedParameter(scene, scene.request.names_temperature, 400, "temperature",
                                 "Unsupported value: 'temperature' does not support 0.7 with this model. Only the "
                                 "default (1) value is supported.");
       },
       "400 while temperature is named; answers without"},
      {"fault-http-408", [](const Scene&) { return Error(408, "The request timed out.", "timeout"); }, "408"},
      {"fault-http-413", [](const Scene&) { return Error(413, "The request is too large.", "request_too_large"); },
       "413"},
      {"fault-http-429",
       [](const Scene&) {
         return Error(429, "Rate limit reached.", "requests", "rate_limit_exceeded", {{"retry-after", "1"}});
       },
       "429 with Retry-After: 1, always"},
      {"fault-http-429-long",
       [](const Scene&) {
         return Error(429, "Rate limit reached.", "requests", "rate_limit_exceeded", {{"retry-after", "121"}});
       },
       "429 with Retry-After: 121"},
      {"fault-http-429-quota",
       [](const Scene&) {
         return Error(429, "You exceeded your current quota, please check your plan and billing details.",
                      "insufficient_quota", "insufficient_quota");
       },
       "429 that no waiting helps: out of quota"},
      {"fault-http-500", [](const Scene&) { return Error(500, "The server had an error.", "server_error"); }, "500"},
      {"fault-http-502-html", [](const Scene&) { return Html(502, "502 Bad Gateway"); }, "502 as an HTML page"},
      {"fault-http-503", [](const Scene&) { return Error(503, "The model is overloaded.", "server_error"); }, "503"},
      {"fault-http-529", [](const Scene&) { return Error(529, "Overloaded", "overloaded_error"); }, "529, overloaded"},
      {"fault-redirect",
       [](const Scene&) {
         return Whole(307, "text/plain", "", absl::ZeroDuration(),
                      {{"location", "http://169.254.169.254/latest/meta-data/"}});
       },
       "307 to an address that must not be called"},
      {"fault-echo-key",
       [](const Scene& scene) {
         return Error(401, fmt::format("Incorrect API key provided: {}.", scene.authorization), kInvalid,
                      "invalid_api_key");
       },
       "401 whose text repeats the Authorization header"},
      {"fault-error-200", [](const Scene&) { return Error(200, "The model crashed while answering.", "server_error"); },
       "200 with an error object in place of an answer"},
      {"fault-error-in-stream",
       [](const Scene& scene) {
         return ErrorInStream(scene, ErrorJson("The engine stopped.", "server_error", "500"), true);
       },
       "an error event after two tokens", kOnlyStreams},

      {"fault-err-openai",
       [](const Scene&) {
         return Error(400, "This model's maximum context length is 8192 tokens.", kInvalid, "context_length_exceeded");
       },
       "400 as OpenAI shapes it"},
      {"fault-err-azure-filter",
       [](const Scene&) {
         return Json(
             400,
             R"({"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})");
       },
       "400 content_filter as Azure shapes it"},
      {"fault-err-vllm",
       [](const Scene&) {
         return Json(
             404,
             R"({"error":{"message":"The model `my-model` does not exist.","type":"NotFoundError","param":"model","code":404}})");
       },
       "404 as vLLM shapes it: the code is a number"},
      {"fault-err-vllm-stream",
       [](const Scene& scene) {
         return ErrorInStream(
             scene, R"({"error":{"message":"EngineDeadError","type":"InternalServerError","param":null,"code":500}})",
             true);
       },
       "vLLM's error within a stream, then [DONE]", kOnlyStreams},
      {"fault-err-llamacpp",
       [](const Scene& scene) {
         return WhileLoading(scene, 503,
                             R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})");
       },
       "503 as llama.cpp shapes it while it loads; answers at every third call"},
      {"fault-err-ollama",
       [](const Scene&) {
         return Json(
             404,
             R"({"error":{"message":"model \"my-model\" not found, try pulling it first","type":"not_found_error","param":null,"code":null}})");
       },
       "404 as Ollama shapes it"},
      {"fault-err-ollama-stream",
       [](const Scene& scene) {
         std::vector<Step> events = PieceEvents(scene.completion);
         if (events.size() > 2) events.resize(2);
         events.push_back({events.back().at, Event(ChunkJson(scene.completion, DeltaChoice("")))});
         return EventStream(std::move(events), Ending::kClose);
       },
       "Ollama's failure within a stream: an empty delta, then the end", kOnlyStreams},
      {"fault-err-tgi",
       [](const Scene&) { return Json(429, R"({"error":"Model is overloaded","error_type":"overloaded"})"); },
       "429 as TGI shapes it: the error is text"},
      {"fault-err-tgi-validation",
       [](const Scene&) {
         return Json(
             422,
             R"({"error":"Input validation error: `inputs` must have less than 4096 tokens","error_type":"validation"})");
       },
       "422 as TGI shapes it"},
      {"fault-err-tgi-stream",
       [](const Scene& scene) {
         return ErrorInStream(
             scene, R"({"error":{"message":"Request failed during generation","http_status_code":424}})", true);
       },
       "TGI's error within a stream, then [DONE]", kOnlyStreams},
      {"fault-err-openrouter",
       [](const Scene&) {
         return Json(
             402,
             R"({"error":{"code":402,"message":"This request requires more credits.","metadata":{"provider_name":null}},"user_id":"user_sample"})");
       },
       "402 as OpenRouter shapes it: the code is a number"},
      {"fault-err-openrouter-moderation",
       [](const Scene&) {
         return Json(
             403,
             R"({"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"Sample"}}})");
       },
       "403 as OpenRouter shapes moderation"},
      {"fault-err-openrouter-stream",
       [](const Scene& scene) {
         return ErrorInStream(
             scene,
             R"({"id":"gen-1","object":"chat.completion.chunk","error":{"code":502,"message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})",
             false);
       },
       "OpenRouter's error within a stream", kOnlyStreams},
      {"fault-err-together",
       [](const Scene&) { return Json(503, R"({"error":"The server is overloaded or not ready yet."})"); },
       "503 as Together shapes it: the error is text"},
      {"fault-err-together-bare",
       [](const Scene&) {
         return Json(401, R"({"message":"Invalid API key provided.","type_":"invalid_request_error"})");
       },
       "401 as Together shapes it: a bare message"},
      {"fault-err-fireworks",
       [](const Scene&) {
         return Json(
             412,
             R"({"fault":{"faultstring":"Account suspended: payment is overdue","detail":{"errorcode":"steps.raisefault.RaiseFault"}}})");
       },
       "412 as Fireworks shapes it: fault.faultstring"},
      {"fault-err-fireworks-detail", [](const Scene&) { return Json(400, R"({"detail":"Model not deployed"})"); },
       "400 as Fireworks shapes it: a detail"},
      {"fault-err-anthropic",
       [](const Scene&) {
         return Json(
             529,
             R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})");
       },
       "529 as Anthropic shapes it"},
      {"fault-err-gemini",
       [](const Scene&) {
         return Json(
             400,
             R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}])");
       },
       "400 as Gemini shapes it: an array that holds the error"},
      {"fault-err-mistral",
       [](const Scene& scene) {
         return RefusedStreamOptions(
             scene, 422,
             R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null})");
       },
       "422 as Mistral shapes it while stream_options is named"},
      {"fault-err-cohere", [](const Scene&) { return Json(429, R"({"message":"trial token rate limit exceeded"})"); },
       "429 as Cohere shapes it: a bare message"},
      {"fault-err-huggingface",
       [](const Scene& scene) {
         return WhileLoading(scene, 503, R"({"error":"Model my/model is currently loading","estimated_time":1.0})");
       },
       "503 as Hugging Face shapes it while it loads; answers at every third call"},
      {"fault-err-detail-list",
       [](const Scene&) {
         return Json(
             422,
             R"({"detail":[{"loc":["body","messages",0,"role"],"msg":"value is not valid","type":"type_error"}]})");
       },
       "422 as FastAPI shapes it: a list of details"},
      {"fault-err-plain",
       [](const Scene&) {
         return Whole(500, "text/plain; charset=utf-8", "upstream connect error\x1b[31m or disconnect\x07\n",
                      absl::ZeroDuration());
       },
       "500 in plain text with control characters"},
      {"fault-err-empty", [](const Scene&) { return Whole(500, "text/plain", "", absl::ZeroDuration()); },
       "500 without a body"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
