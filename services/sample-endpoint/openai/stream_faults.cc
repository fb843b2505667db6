#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr size_t kBigAnswerBytes = 3 * 1024 * 1024;
constexpr size_t kPieceBytes = 16 * 1024;
constexpr size_t kHugeLineBytes = 1024 * 1024;

std::vector<Step> Without(std::vector<Step> events, size_t last) {
  events.resize(events.size() - std::min(last, events.size()));
  return events;
}

// The events up to the last piece: no finish, no usage, no [DONE].
std::vector<Step> Unfinished(const Completion& completion) {
  std::vector<Step> events{RoleEvent(completion)};
  for (Step& event : PieceEvents(completion)) events.push_back(std::move(event));
  return events;
}

// The first half of the pieces.
std::vector<Step> Half(const Completion& completion) {
  std::vector<Step> events = Unfinished(completion);
  events.resize(1 + events.size() / 2);
  return events;
}

// A whole answer that promises more bytes than it has.
Script HalfOfWhole(const Scene& scene) {
  Script script = Answered(scene.request, scene.completion);
  script.steps[0].bytes.resize(script.steps[0].bytes.size() - 40);
  script.ending = Ending::kClose;
  return script;
}

Script Replaced(const Scene& scene, std::string_view from, std::string_view to) {
  std::vector<Step> events = EventsOf(scene.completion);
  for (Step& event : events) {
    for (size_t at = 0; (at = event.bytes.find(from, at)) != std::string::npos; at += to.size()) {
      event.bytes.replace(at, from.size(), to);
    }
  }
  return EventStream(std::move(events));
}

// A stream, or a whole answer, with one message that is not the canned one.
Script OneDelta(const Scene& scene, std::string_view delta, std::string_view finish_reason, std::string_view message) {
  if (!scene.request.stream) return Json(200, WholeJson(scene.completion, message, finish_reason));
  std::vector<Step> events{RoleEvent(scene.completion)};
  if (!delta.empty()) events.push_back({events[0].at, Event(ChunkJson(scene.completion, DeltaChoice(delta))), true});
  events.push_back({events[0].at, Event(ChunkJson(scene.completion, DeltaChoice("", finish_reason)))});
  if (scene.completion.include_usage) events.push_back({events[0].at, UsageEvent(scene.completion).bytes});
  events.push_back({events[0].at, "data: [DONE]\n\n"});
  return EventStream(std::move(events));
}

Script ToolCalls(const Scene& scene) {
  if (!scene.request.stream) {
    return Json(
        200,
        WholeJson(
            scene.completion,
            R"("role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"look_up","arguments":"{\"order\":\"1187\"}"}}])",
            "tool_calls"));
  }
  const absl::Duration at = scene.completion.pace.At(0);
  const auto delta = [&](std::string_view fields) { return Event(ChunkJson(scene.completion, DeltaChoice(fields))); };
  return EventStream(
      {{at,
        delta(
            R"("role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look_up","arguments":""}}])"),
        true},
       {at, delta(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"order\":"}}])")},
       {at, delta(R"("tool_calls":[{"index":0,"function":{"arguments":"\"1187\"}"}}])")},
       {at, Event(ChunkJson(scene.completion, DeltaChoice("", "tool_calls")))},
       {at, UsageEvent(scene.completion).bytes + "data: [DONE]\n\n"}});
}

Script ContentArray(const Scene& scene) {
  const std::string parts = fmt::format(R"("content":[{{"type":"text","text":{}}}])", Quoted(scene.completion.Text()));
  return OneDelta(scene, parts, "stop", R"("role":"assistant",)" + parts);
}

Script Comments(const Scene& scene) {
  std::vector<Step> events{{absl::ZeroDuration(), ": SAMPLE PROCESSING\n\n"}, {absl::ZeroDuration(), ":\n\n"}};
  for (Step& event : EventsOf(scene.completion)) {
    events.push_back({event.at, ": keep-alive\n\n" + event.bytes, event.is_first_token});
  }
  return EventStream(std::move(events));
}

// Each event's JSON over two data lines, split where JSON may have white space.
Script MultiData(const Scene& scene) {
  std::vector<Step> events = EventsOf(scene.completion);
  for (Step& event : events) {
    const size_t at = event.bytes.find(",\"object\"");
    if (at != std::string::npos) event.bytes.insert(at + 1, "\ndata: ");
  }
  return EventStream(std::move(events));
}

Script UsageEveryChunk(const Scene& scene) {
  std::vector<Step> events = Unfinished(scene.completion);
  for (size_t i = 0; i < events.size(); ++i) {
    const std::string usage =
        fmt::format(R"(,"usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}}}})",
                    scene.completion.input_tokens, i, scene.completion.input_tokens + static_cast<int>(i));
    events[i].bytes.replace(events[i].bytes.size() - 3, 1, usage);
  }
  events.push_back(
      {scene.completion.End(), Event(ChunkJson(scene.completion, DeltaChoice("", scene.completion.finish_reason),
                                               ",\"usage\":" + UsageJson(scene.completion)))});
  events.push_back(DoneEvent(scene.completion));
  return EventStream(std::move(events));
}

Script UsageAfterDone(const Scene& scene) {
  std::vector<Step> events = Unfinished(scene.completion);
  events.push_back(FinishEvent(scene.completion));
  events.push_back({scene.completion.End(), DoneEvent(scene.completion).bytes + UsageEvent(scene.completion).bytes});
  return EventStream(std::move(events));
}

Script NoUsage(const Scene& scene) {
  if (!scene.request.stream) {
    std::string body = WholeJson(scene.completion);
    body.erase(body.find(",\"usage\":"));
    return Json(200, body + "}", scene.completion.End());
  }
  Completion silent = scene.completion;
  silent.include_usage = false;
  return EventStream(EventsOf(silent));
}

Script EmptyChoices(const Scene& scene) {
  std::vector<Step> events{
      {scene.completion.pace.At(0),
       Event(R"({"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[]})")}};
  for (Step& event : EventsOf(scene.completion)) {
    events.push_back(std::move(event));
    events.push_back({events.back().at, Event(ChunkJson(scene.completion, ""))});
  }
  return EventStream(std::move(events));
}

Script BigAnswer(const Scene& scene) {
  std::string line = scene.completion.Text() + "\n";
  std::string text;
  while (text.size() < kBigAnswerBytes) text += line;
  Completion big = scene.completion;
  big.pieces.clear();
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + kPieceBytes, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    big.pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  big.pace = {absl::ZeroDuration(), absl::ZeroDuration()};
  return Answered(scene.request, big);
}

Script Endless(const Scene& scene) {
  const std::string event = Event(ChunkJson(scene.completion, DeltaChoice(R"("content":" and so on")")));
  std::string many;
  while (many.size() < kPieceBytes) many += event;
  std::vector<Step> events{RoleEvent(scene.completion), {scene.completion.pace.At(0), many, true}};
  return UnendedEventStream(std::move(events), Ending::kRepeat);
}

Script HugeLine(const Scene& scene) {
  std::string line = R"(data: {"id":"x","choices":[{"index":0,"delta":{"content":")";
  line.append(kHugeLineBytes, 'a');
  return UnendedEventStream({RoleEvent(scene.completion), {scene.completion.pace.At(0), std::move(line), true}},
                            Ending::kSilence);
}

Script CutJson(const Scene& scene) {
  if (!scene.request.stream) {
    const std::string body = WholeJson(scene.completion);
    return Json(200, std::string_view(body).substr(0, body.size() / 2));
  }
  std::vector<Step> events = Half(scene.completion);
  events.push_back({events.back().at, FinishEvent(scene.completion).bytes.substr(0, 60)});
  return EventStream(std::move(events), Ending::kClose);
}

Script Lines(const Scene& scene, std::string_view line_end) {
  std::vector<Step> events = EventsOf(scene.completion);
  for (Step& event : events) {
    for (size_t at = 0; (at = event.bytes.find('\n', at)) != std::string::npos; at += line_end.size()) {
      event.bytes.replace(at, 1, line_end);
    }
  }
  return EventStream(std::move(events));
}

}  // namespace

std::span<const Fault> StreamFaults() {
  static const Fault kFaults[] = {
      {"fault-cut-stream",
       [](const Scene& scene) {
         return scene.request.stream ? UnendedEventStream(Half(scene.completion), Ending::kClose) : HalfOfWhole(scene);
       },
       "half of the answer, then the connection is closed"},
      {"fault-cut-json", CutJson, "ends in the middle of an event's JSON"},
      {"fault-unfinished", [](const Scene& scene) { return EventStream(Unfinished(scene.completion)); },
       "the body ends properly, but with neither finish_reason nor [DONE]", kOnlyStreams},
      {"fault-no-done", [](const Scene& scene) { return EventStream(Without(EventsOf(scene.completion), 1)); },
       "finish_reason but no [DONE]", kOnlyStreams},
      {"fault-no-finish",
       [](const Scene& scene) {
         std::vector<Step> events = Unfinished(scene.completion);
         events.push_back(DoneEvent(scene.completion));
         return EventStream(std::move(events));
       },
       "[DONE] but no finish_reason", kOnlyStreams},
      {"fault-done-held-open",
       [](const Scene& scene) { return UnendedEventStream(EventsOf(scene.completion), Ending::kSilence); },
       "the connection stays open after [DONE], without the body's end", kOnlyStreams},
      {"fault-crlf", [](const Scene& scene) { return Lines(scene, "\r\n"); }, "lines end with CRLF", kOnlyStreams},
      {"fault-cr", [](const Scene& scene) { return Lines(scene, "\r"); }, "lines end with a bare CR", kOnlyStreams},
      {"fault-one-lf", [](const Scene& scene) { return Replaced(scene, "\n\n", "\n"); },
       "events end with one line feed only", kOnlyStreams},
      {"fault-split-bytes",
       [](const Scene& scene) {
         Script script = Answered(scene.request, scene.completion);
         script.byte_by_byte = true;
         return script;
       },
       "a right answer, one byte a write"},
      {"fault-comments", Comments, "comments and keep-alives between the events", kOnlyStreams},
      {"fault-multi-data", MultiData, "an event's JSON over two data lines", kOnlyStreams},
      {"fault-usage-every-chunk", UsageEveryChunk, "usage so far in every chunk", kOnlyStreams},
      {"fault-usage-after-done", UsageAfterDone, "usage after [DONE]", kOnlyStreams},
      {"fault-no-usage", NoUsage, "no usage, though it is asked for"},
      {"fault-empty-choices", EmptyChoices, "chunks without choices before and between the others", kOnlyStreams},
      {"fault-empty-answer",
       [](const Scene& scene) { return OneDelta(scene, "", "stop", R"("role":"assistant","content":"")"); },
       "no text at all, finish_reason stop"},
      {"fault-empty-answer-length",
       [](const Scene& scene) { return OneDelta(scene, "", "length", R"("role":"assistant","content":"")"); },
       "no text at all, finish_reason length, as reasoning models under a small limit"},
      {"fault-role-only",
       [](const Scene& scene) {
         return EventStream({RoleEvent(scene.completion), DoneEvent(scene.completion)});
       },
       "a role chunk, then [DONE]", kOnlyStreams},
      {"fault-content-array", ContentArray, "the content is an array of parts"},
      {"fault-content-null",
       [](const Scene& scene) {
         return OneDelta(scene, R"("content":null)", "stop", R"("role":"assistant","content":null)");
       },
       "the content is null"},
      {"fault-tool-calls", ToolCalls, "a tool call, its arguments in pieces"},
      {"fault-json-for-stream",
       [](const Scene& scene) { return Json(200, WholeJson(scene.completion), scene.completion.End()); },
       "a plain JSON answer, even to a request for a stream"},
      {"fault-huge-line", HugeLine, "a line of 1 MiB that does not end, then silence", kOnlyStreams},
      {"fault-endless", Endless, "streams for ever", kOnlyStreams},
      {"fault-big-answer", BigAnswer, "3 MiB of text"},
      {"fault-nul-bytes",
       [](const Scene& scene) {
         return OneDelta(scene, R"("content":"before\u0000after")", "stop",
                         R"("role":"assistant","content":"before\u0000after")");
       },
       "U+0000 in the text"},
      {"fault-bad-utf8",
       [](const Scene& scene) {
         return OneDelta(scene, "\"content\":\"caf\xC3( \xFF end\"", "stop",
                         "\"role\":\"assistant\",\"content\":\"caf\xC3( \xFF end\"");
       },
       "bytes that are not UTF-8 in the text"},
      {"fault-lone-surrogate",
       [](const Scene& scene) {
         return OneDelta(scene, R"("content":"half \ud83d of one")", "stop",
                         R"("role":"assistant","content":"half \ud83d of one")");
       },
       "half of a surrogate pair, escaped"},
      {"fault-filtered",
       [](const Scene& scene) {
         return OneDelta(scene, R"("content":"I was about to")", "content_filter",
                         R"("role":"assistant","content":"I was about to")");
       },
       "stopped by a content filter after some text"},
      {"fault-buffered",
       [](const Scene& scene) {
         std::vector<Step> events = EventsOf(scene.completion);
         for (Step& event : events) event.at = absl::Milliseconds(300);
         return EventStream(std::move(events));
       },
       "a proxy holds all pieces back and sends them together after 300 ms", kOnlyStreams},
      {"fault-think-tag",
       [](const Scene& scene) {
         Completion thinking = scene.completion;
         for (const std::string piece : {"?\n</think>\n\n", " this", " about", "Is", "<think>\n"}) {
           thinking.pieces.insert(thinking.pieces.begin(), piece);
         }
         return Answered(scene.request, thinking);
       },
       "reasoning within the text, between <think> and </think>"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
