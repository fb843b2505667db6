#include <fmt/format.h>

#include "services/sample-endpoint/dialect.h"

namespace ftl::sample_endpoint {
namespace {

Script Error(const Dialect& dialect, int status, std::string_view message, Headers headers = {}) {
  return Json(status, dialect.ErrorJson(status, message), absl::ZeroDuration(), headers);
}

// The first half of the events.
std::vector<Step> Half(const Dialect& dialect, const Scene& scene) {
  std::vector<Step> events = dialect.Events(scene.completion);
  events.resize(1 + events.size() / 2);
  return events;
}

Script CutStream(const Dialect& dialect, const Scene& scene) {
  if (scene.request.stream) return UnendedEventStream(Half(dialect, scene), Ending::kClose);
  Script script = dialect.Answer(scene.request, scene.completion);
  script.steps[0].bytes.resize(script.steps[0].bytes.size() - 40);
  script.ending = Ending::kClose;
  return script;
}

Script InStream(const Dialect& dialect, const Scene& scene, std::string_view event) {
  std::vector<Step> events = Half(dialect, scene);
  events.push_back({events.back().at, std::string(event)});
  return EventStream(std::move(events));
}

Script ErrorInStream(const Dialect& dialect, const Scene& scene) {
  if (!scene.request.stream) return Error(dialect, 500, "The server had an error.");
  return InStream(dialect, scene, dialect.ErrorEvent("The server had an error."));
}

Script BytesOneByOne(const Dialect& dialect, const Scene& scene) {
  Script script = dialect.Answer(scene.request, scene.completion);
  script.byte_by_byte = true;
  return script;
}

}  // namespace

std::span<const CommonFault> CommonFaults() {
  static const CommonFault kFaults[] = {
      {"fault-http-400",
       [](const Dialect& d, const Scene&) { return Error(d, 400, "Your request is not acceptable."); }, "400"},
      {"fault-http-401", [](const Dialect& d, const Scene&) { return Error(d, 401, "Your key is not valid."); },
       "401, the key is refused"},
      {"fault-http-403",
       [](const Dialect& d, const Scene&) { return Error(d, 403, "Your key may not use this model."); }, "403"},
      {"fault-http-429",
       [](const Dialect& d, const Scene&) {
         return Error(d, 429, "Rate limit reached.", {{"retry-after", "1"}});
       },
       "429 with Retry-After: 1, always"},
      {"fault-http-500", [](const Dialect& d, const Scene&) { return Error(d, 500, "The server had an error."); },
       "500"},
      {"fault-http-503", [](const Dialect& d, const Scene&) { return Error(d, 503, "The model is overloaded."); },
       "503"},
      {"fault-html-200",
       [](const Dialect&, const Scene&) {
         return Whole(200, "text/html", "<!doctype html><title>Sign in</title>", absl::ZeroDuration());
       },
       "200 with an HTML page, as of a sign-in"},
      {"fault-echo-key",
       [](const Dialect& d, const Scene& scene) {
         return Error(d, 401, fmt::format("Your key {} is not valid.", scene.authorization));
       },
       "401 whose text repeats the key"},
      {"fault-error-in-stream", ErrorInStream, "an error within a stream"},
      {"fault-cut-stream", CutStream, "half of the answer, then the connection is closed"},
      {"fault-unfinished",
       [](const Dialect& d, const Scene& scene) {
         return scene.request.stream ? EventStream(Half(d, scene)) : CutStream(d, scene);
       },
       "the body ends properly, but the answer does not"},
      {"fault-stall-midway",
       [](const Dialect& d, const Scene& scene) { return UnendedEventStream(Half(d, scene), Ending::kSilence); },
       "half of the answer, then silence"},
      {"fault-not-json",
       [](const Dialect& d, const Scene& scene) {
         return scene.request.stream ? InStream(d, scene, "data: neither JSON nor an end\n\n")
                                     : Json(200, "neither JSON nor an answer");
       },
       "what is no JSON, in the middle of a stream or as a whole"},
      {"fault-empty-body", [](const Dialect&, const Scene&) { return Json(200, ""); }, "200 without a body"},
      {"fault-pings",
       [](const Dialect& d, const Scene& scene) {
         if (!scene.request.stream) return d.Answer(scene.request, scene.completion);
         std::vector<Step> events = d.Events(scene.completion);
         events.insert(events.begin() + 1,
                       {events[0].at, "event: ping\ndata: {\"type\": \"ping\"}\n\n: still here\n\n"});
         return EventStream(std::move(events));
       },
       "a ping and a comment between the events"},
      {"fault-split-bytes", BytesOneByOne, "a right answer, one byte a write"},
      {"fault-hang-up",
       [](const Dialect&, const Scene&) {
         return Script{0, {}, Ending::kClose};
       },
       "closes without an answer"},
      {"fault-silence",
       [](const Dialect&, const Scene&) {
         return Script{0, {}, Ending::kSilence};
       },
       "never answers"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
