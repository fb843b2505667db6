#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

// Some of the answer, and then this in place of the rest.
Script Broken(const Scene& scene, std::string_view bytes) {
  std::vector<Step> events = PieceEvents(scene.completion);
  if (events.size() > 2) events.resize(2);
  events.push_back({events.empty() ? absl::ZeroDuration() : events.back().at, std::string(bytes)});
  return EventStream(std::move(events));
}

Script FinishedAs(const Scene& scene, std::string_view reason) {
  return Broken(scene, Event(ChunkJson(scene.completion, DeltaChoice("", reason))) + "data: [DONE]\n\n");
}

// A Content-Length that ends within an event.
Script CutByLength(const Scene& scene) {
  std::string events;
  for (const Step& event : EventsOf(scene.completion)) events += event.bytes;
  const std::string length = std::to_string(events.size() / 2);
  return {200,
          {{absl::ZeroDuration(),
            Head(200, {{"content-type", "text/event-stream"}, {"content-length", length}}) + events, true}},
          Ending::kClose};
}

Script TooFast(std::string_view message, Headers headers) {
  return Json(429, ErrorJson(message, "tokens", "rate_limit_exceeded"), absl::ZeroDuration(), headers);
}

}  // namespace

std::span<const Fault> OddErrors() {
  static const Fault kFaults[] = {
      {"fault-finish-abort", [](const Scene& scene) { return FinishedAs(scene, "abort"); },
       "the engine gave up: finish_reason abort", kOnlyStreams},
      {"fault-finish-safety", [](const Scene& scene) { return FinishedAs(scene, "content_filter: SAFETY"); },
       "stopped by Gemini's filter: finish_reason content_filter: SAFETY", kOnlyStreams},
      {"fault-error-field",
       [](const Scene& scene) {
         return Broken(scene,
                       "error: {\"code\":500,\"message\":\"context shift failed\",\"type\":\"server_error\"}\n\n");
       },
       "older llama.cpp's error within a stream: a field of its own", kOnlyStreams},
      {"fault-error-words-in-stream",
       [](const Scene& scene) {
         return Broken(scene, Event(R"({"error":"rate limit exceeded"})") + "data: [DONE]\n\n");
       },
       "an error within a stream that says in words alone to slow down", kOnlyStreams},
      {"fault-error-200-status",
       [](const Scene&) {
         return Json(200,
                     R"({"choices":null,"base_resp":{"status_code":1004,"status_msg":"login fail: invalid api key"}})");
       },
       "200 whose body holds a status: the key is refused, as MiniMax says it"},
      {"fault-error-200-code",
       [](const Scene&) {
         return Json(200, R"({"text":"**NETWORK ERROR DUE TO HIGH TRAFFIC.**","error_code":50001})");
       },
       "200 with an error code, as FastChat says it"},
      {"fault-cut-by-length", CutByLength, "a stream whose Content-Length ends within an event", kOnlyStreams},
      {"fault-no-message", [](const Scene&) { return Json(200, R"({"choices":[{}]})"); }, "a choice without a message"},
      {"fault-http-401-wait",
       [](const Scene&) {
         return Json(401, ErrorJson("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
                     absl::ZeroDuration(), {{"retry-after", "120"}});
       },
       "401 with Retry-After: 120"},
      {"fault-http-424",
       [](const Scene&) {
         return Json(424, R"({"error":"Request failed during generation","error_type":"generation"})");
       },
       "424, TGI's own engine failed"},
      {"fault-err-bedrock-model",
       [](const Scene&) { return Json(400, R"({"message":"The provided model identifier is invalid."})"); },
       "400 as Bedrock says that it does not know the model"},
      {"fault-err-groq-model",
       [](const Scene&) {
         return Json(400, ErrorJson("The model `m` has been decommissioned and is no longer supported.",
                                    "invalid_request_error", "model_decommissioned"));
       },
       "400 as Groq says that the model is no more"},
      {"fault-err-cloudflare",
       [](const Scene&) {
         return Json(
             400, R"({"success":false,"errors":[{"code":5006,"message":"Error: oneOf at '/' not met"}],"result":{}})");
       },
       "400 as Cloudflare shapes it: a list of errors"},
      {"fault-http-429-ages",
       [](const Scene&) {
         return TooFast("Slow down.", {{"retry-after", "99999999999"}});
       },
       "429 with a Retry-After of 3,000 years"},
      {"fault-http-429-reset",
       [](const Scene&) {
         return TooFast("Slow down.",
                        {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "1h0m0s"}});
       },
       "429 without Retry-After whose limit starts anew in an hour"},
      {"fault-http-429-words",
       [](const Scene&) {
         return TooFast("Rate limit reached on tokens per day (TPD): Limit 100. Please try again in 17m6.4s.", {});
       },
       "429 whose words alone say how long to wait: 17 minutes"},
      {"fault-http-429-stall",
       [](const Scene&) {
         return Script{429,
                       {{absl::ZeroDuration(),
                         Head(429, {{"content-type", "application/json"}, {"content-length", "500"}}) + "{\"error\":"}},
                       Ending::kSilence};
       },
       "429 whose words do not end"},
      {"fault-err-gemini-day",
       [](const Scene&) {
         return Json(
             429,
             R"([{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 20s.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"20s"}]}}])");
       },
       "429 as Gemini says that the day's quota is used up"},
      {"fault-err-moonshot",
       [](const Scene&) {
         return Json(429, ErrorJson("Your account is suspended.", "exceeded_current_quota_error", ""));
       },
       "429 as Moonshot says that credit is used up"},
      {"fault-err-anthropic-spend",
       [](const Scene&) {
         return Json(
             429,
             R"({"type":"error","error":{"type":"rate_limit_error","message":"You have reached your specified API usage limits."}})");
       },
       "429 as Anthropic says that a spend limit is reached"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
