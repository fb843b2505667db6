#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr int kMostTokens = 512;

Script Said(int status, std::string_view message, std::string_view type = "error") {
  return Json(status, ErrorJson(message, type, ""));
}

// Some of the answer, then these bytes, and the end.
Script BrokenBy(const Scene& scene, std::string_view bytes) {
  std::vector<Step> events{RoleEvent(scene.completion)};
  const std::vector<Step> pieces = PieceEvents(scene.completion);
  if (!pieces.empty()) events.push_back(pieces.front());
  events.push_back({events.back().at, std::string(bytes)});
  return EventStream(std::move(events));
}

// Two calls of three are told to wait; `value` says how long.
Script RetryAfter(const Scene& scene, std::string_view value) {
  if (scene.calls % 3 == 0) return Answered(scene.request, scene.completion);
  return Json(429, ErrorJson("Slow down.", "rate_limit_error", "rate_limit_exceeded"), absl::ZeroDuration(),
              {{"retry-after", value}});
}

// Refuses more tokens than it takes, in these words.
Script AtMost(const Scene& scene, std::string_view words) {
  const int asked = scene.request.TokenLimit().value_or(0);
  if (asked <= kMostTokens) return Answered(scene.request, scene.completion);
  return Json(400, ErrorJson(fmt::format(fmt::runtime(words), asked, kMostTokens), "invalid_request_error", ""));
}

}  // namespace

std::span<const Fault> FieldErrors() {
  static const Fault kFaults[] = {
      {"fault-error-bare",
       [](const Scene& scene) { return BrokenBy(scene, "{\"error\":{\"message\":\"KV cache is full\"}}\n\n"); },
       "an error within a stream, without data:", kOnlyStreams},
      {"fault-error-words", [](const Scene& scene) { return BrokenBy(scene, "KV cache is full\n\n"); },
       "an error within a stream, in plain words", kOnlyStreams},
      {"fault-error-data-words", [](const Scene& scene) { return BrokenBy(scene, "data: Internal server error\n\n"); },
       "an error within a stream, in plain words as an event's data", kOnlyStreams},
      {"fault-error-traceback",
       [](const Scene& scene) {
         return BrokenBy(scene,
                         "Traceback (most recent call last):\n  File \"engine.py\", line 3, in step\n"
                         "RuntimeError: CUDA out of memory\n\n");
       },
       "an error within a stream, as Python prints it", kOnlyStreams},
      {"fault-error-200-msg", [](const Scene&) { return Json(200, R"({"code":500,"msg":"model not deployed"})"); },
       "200 with a code and a msg"},
      {"fault-error-200-limit",
       [](const Scene&) {
         return Json(200, R"({"error":{"message":"Too many requests, slow down.","type":"rate_limit_error"}})");
       },
       "200 with the error of a limit"},
      {"fault-err-messages",
       [](const Scene&) { return Json(422, R"({"messages":["max_length must be at most 9 for this field"]})"); },
       "422 whose words are a list of messages"},
      {"fault-http-401-subscription",
       [](const Scene&) {
         return Json(401, R"({"statusCode":401,"message":"Access denied due to missing subscription key."})");
       },
       "401 that wants a subscription key"},
      {"fault-http-403-licence",
       [](const Scene&) { return Json(403, R"({"error":"You must accept the licence on the model's page first."})"); },
       "403 until a licence is accepted"},
      {"fault-http-403-credits",
       [](const Scene&) { return Said(403, "Your team has used all credits.", "permission_error"); },
       "403, out of credit"},
      {"fault-http-429-weekly", [](const Scene&) { return Said(429, "Weekly/Monthly Limit Exhausted"); },
       "429, the week's allowance is used up"},
      {"fault-http-500-balance",
       [](const Scene&) {
         return Json(500, R"~({"base_resp":{"status_code":1008,"status_msg":"insufficient balance (1008)"}})~");
       },
       "500, out of credit"},
      {"fault-http-403-allowance",
       [](const Scene&) {
         return Json(
             403,
             R"({"statusCode":403,"message":"Out of call volume quota. Quota will be replenished in 10.00:00:00."})");
       },
       "403, the month's calls are used up"},
      {"fault-http-429-spend",
       [](const Scene&) {
         return Json(
             429,
             R"({"type":"error","error":{"type":"rate_limit_error","message":"Limit reached.","details":{"error_code":"enforced_spend_limit"}}})");
       },
       "429 whose details alone say that a spend limit is reached"},
      {"fault-http-500-memory", [](const Scene&) { return Said(500, "payment-service-model crashed: out of memory"); },
       "500 in words that only seem to be of money"},
      {"fault-http-400-arrearage",
       [](const Scene&) {
         return Json(400, ErrorJson("Access denied, please make sure your account is in good standing.", "Arrearage",
                                    "Arrearage"));
       },
       "400, the account has not paid"},
      {"fault-http-429-tpm",
       [](const Scene& scene) {
         if (scene.calls % 3 == 0) return Answered(scene.request, scene.completion);
         return Said(429, "Rate limit reached: Tokens per minute. Please try again in 1s.", "tokens");
       },
       "429 over tokens per minute: a second's wait; answers at every third call"},
      {"fault-retry-after-unit", [](const Scene& scene) { return RetryAfter(scene, "1s"); },
       "429 with Retry-After: 1s; answers at every third call"},
      {"fault-retry-after-fraction", [](const Scene& scene) { return RetryAfter(scene, "0.5"); },
       "429 with Retry-After: 0.5; answers at every third call"},
      {"fault-retry-after-structured",
       [](const Scene& scene) {
         if (scene.calls % 3 == 0) return Answered(scene.request, scene.completion);
         return Json(429, ErrorJson("Slow down.", "rate_limit_error", "rate_limit_exceeded"), absl::ZeroDuration(),
                     {{"ratelimit", "\"default\";r=0;t=1"}});
       },
       "429 with the structured field RateLimit; answers at every third call"},
      {"fault-loading-500",
       [](const Scene& scene) {
         return WhileLoading(scene, 500, R"({"detail":"The model is still loading, please wait."})");
       },
       "500 while the model loads; answers at every third call"},
      {"fault-loading-scaling",
       [](const Scene& scene) {
         return WhileLoading(
             scene, 503,
             R"({"error":{"message":"Deployment is scaling up from zero.","code":"DEPLOYMENT_SCALING_UP"}})");
       },
       "503 while the deployment scales up; answers at every third call"},
      {"fault-plain-to-https",
       [](const Scene&) {
         return Whole(400, "text/html",
                      "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
                      absl::ZeroDuration());
       },
       "400 as a page: plain HTTP came to a port for https"},
      {"fault-redirect-slash",
       [](const Scene&) {
         return Whole(307, "text/plain", "", absl::ZeroDuration(), {{"location", "/v1/chat/completions/"}});
       },
       "307 to the same path with a slash behind it"},
      {"fault-most-tokens", [](const Scene& scene) { return AtMost(scene, "max_tokens {}, at most {}"); },
       "400 while more than 512 tokens are asked for"},
      {"fault-most-tokens-range",
       [](const Scene& scene) {
         return AtMost(scene, "Invalid max_tokens value: {0}, the valid range of max_tokens is [1, {1}]");
       },
       "400 while more than 512 tokens are asked for, told as a range"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
