#include <string>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr absl::Duration kNow = absl::ZeroDuration();
constexpr int kInterimAnswers = 200;
constexpr size_t kPieceBytes = 16 * 1024;

std::string Gzipped(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, /*windowBits with a gzip head=*/15 + 16, /*memLevel=*/8,
               Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Script Gzip(const Scene& scene) {
  if (!scene.request.stream) {
    return Json(200, Gzipped(WholeJson(scene.completion)), kNow, {{"content-encoding", "gzip"}});
  }
  std::string events;
  for (const Step& event : EventsOf(scene.completion)) events += event.bytes;
  return EventStream({{kNow, Gzipped(events), true}}, Ending::kKeepOpen, {{"content-encoding", "gzip"}});
}

Script BadChunk(const Scene& scene) {
  Script script = UnendedEventStream({RoleEvent(scene.completion)}, Ending::kClose);
  script.steps.push_back({script.steps.back().at, "1x0\r\ndata: {\r\n\r\n"});
  return script;
}

Script InterimAnswers(const Scene& scene) {
  std::string interim;
  for (int i = 0; i < kInterimAnswers; ++i) interim += "HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n";
  Script script = Answered(scene.request, scene.completion);
  script.steps.insert(script.steps.begin(), {kNow, std::move(interim)});
  return script;
}

Script EndlessHead(const Scene&) {
  std::string headers;
  for (int i = 0; headers.size() < kPieceBytes; ++i) headers += fmt::format("x-filler-{}: filler\r\n", i);
  return {200, {{kNow, "HTTP/1.1 200 OK\r\n"}, {kNow, std::move(headers)}}, Ending::kRepeat};
}

Script EndlessBody(const Scene&) {
  std::string text(kPieceBytes, 'a');
  return {200,
          {{kNow, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"",
            true},
           {kNow, std::move(text)}},
          Ending::kRepeat};
}

Script EndlessComments(const Scene& scene) {
  return UnendedEventStream({RoleEvent(scene.completion), {scene.completion.pace.At(0), ": still there\n\n"}},
                            Ending::kRepeat);
}

// The whole answer, its head or its pieces stretched over half a minute.
Script Slowed(const Scene& scene, bool is_head_slow) {
  Script script = Answered(scene.request, scene.completion);
  const absl::Duration late = absl::Seconds(30);
  if (is_head_slow) {
    std::vector<Step> steps;
    const std::string first = script.steps[0].bytes;
    for (int i = 0; i < 30; ++i) steps.push_back({absl::Seconds(i), first.substr(static_cast<size_t>(i), 1)});
    script.steps[0].bytes.erase(0, 30);
    for (Step& step : script.steps) step.at += late;
    script.steps.insert(script.steps.begin(), steps.begin(), steps.end());
    return script;
  }
  const size_t head = script.steps[0].bytes.find("\r\n\r\n") + 4;
  const std::string rest = script.steps[0].bytes.substr(head);
  script.steps[0].bytes.resize(head);
  script.steps[0].is_first_token = false;
  script.steps.insert(script.steps.begin() + 1, {absl::Seconds(1), rest});
  for (size_t i = 1; i < script.steps.size(); ++i) {
    script.steps[i].at = late * static_cast<double>(i) / static_cast<double>(script.steps.size() - 1);
  }
  return script;
}

}  // namespace

std::span<const Fault> WireFaults() {
  static const Fault kFaults[] = {
      {"fault-slow-headers", [](const Scene& scene) { return Slowed(scene, true); },
       "a byte of the head each second, for 30 s"},
      {"fault-slow-body", [](const Scene& scene) { return Slowed(scene, false); },
       "the head at once, the body over 30 s"},
      {"fault-stall",
       [](const Scene& scene) {
         if (scene.request.stream) return UnendedEventStream({}, Ending::kSilence);
         return Script{200,
                       {{kNow, Head(200, {{"content-type", "application/json"}, {"content-length", "1000"}})}},
                       Ending::kSilence};
       },
       "a head, then silence"},
      {"fault-stall-midway",
       [](const Scene& scene) {
         std::vector<Step> events = PieceEvents(scene.completion);
         events.resize((events.size() + 1) / 2);
         return UnendedEventStream(std::move(events), Ending::kSilence);
       },
       "half of the answer, then silence", kOnlyStreams},
      {"fault-silence",
       [](const Scene&) {
         return Script{0, {}, Ending::kSilence};
       },
       "never answers"},
      {"fault-hang-up",
       [](const Scene&) {
         return Script{0, {}, Ending::kClose};
       },
       "closes without an answer"},
      {"fault-bad-chunk", BadChunk, "a chunk size that is no number"},
      {"fault-bad-head",
       [](const Scene&) {
         return Script{0, {{kNow, "HTTP/1.1 2OO Okay\ncontent type: application/json\n\n{}"}}, Ending::kClose};
       },
       "a head that is no HTTP"},
      {"fault-two-lengths",
       [](const Scene&) {
         return Script{200,
                       {{kNow,
                         "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ncontent-length: "
                         "40\r\n\r\n{}"}},
                       Ending::kClose};
       },
       "two different Content-Length"},
      {"fault-length-and-chunks",
       [](const Scene&) {
         return Script{200,
                       {{kNow,
                         "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
                         "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"}},
                       Ending::kClose};
       },
       "Content-Length and Transfer-Encoding"},
      {"fault-until-close",
       [](const Scene& scene) {
         std::string body = WholeJson(scene.completion);
         return Script{200, {{kNow, Head(200, {{"content-type", "application/json"}}) + body, true}}, Ending::kClose};
       },
       "a right answer to the end of the connection, without length"},
      {"fault-interim-100s", InterimAnswers, "200 interim answers (103) before a right one"},
      {"fault-gzip", Gzip, "Content-Encoding: gzip, though not asked for"},
      {"fault-not-json", [](const Scene&) { return Json(200, "this is not JSON"); }, "200 with text that is no JSON"},
      {"fault-html-200",
       [](const Scene&) {
         return Whole(200, "text/html; charset=utf-8",
                      "<!doctype html><html><body><h1>Sign in</h1><form action=\"/login\"></form></body></html>", kNow);
       },
       "200 with an HTML page, as of a sign-in"},
      {"fault-empty-body", [](const Scene&) { return Json(200, ""); }, "200 without a body"},
      {"fault-endless-head", EndlessHead, "headers for ever"},
      {"fault-endless-body", EndlessBody, "one JSON answer that never ends"},
      {"fault-endless-comments", EndlessComments, "comments for ever, a thousand a second, and no token"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
