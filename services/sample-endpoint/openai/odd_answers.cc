#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr size_t kLongPieceBytes = 100'000;

// The role and the pieces; then `finish`, the usage where asked for, and [DONE].
std::vector<Step> EventsWith(const Scene& scene, std::string_view finish_chunk, std::string_view usage_chunk = {}) {
  std::vector<Step> events{RoleEvent(scene.completion)};
  for (Step& event : PieceEvents(scene.completion)) events.push_back(std::move(event));
  const absl::Duration end = scene.completion.End();
  events.push_back({end, Event(finish_chunk)});
  if (!usage_chunk.empty()) events.push_back({end, Event(usage_chunk)});
  events.push_back(DoneEvent(scene.completion));
  return events;
}

std::string FinishChunk(const Scene& scene) { return ChunkJson(scene.completion, DeltaChoice("", "stop")); }

std::string UsageChunk(const Scene& scene, std::string_view usage) {
  return ChunkJson(scene.completion, "", fmt::format(",\"usage\":{}", usage));
}

// One delta, whatever its fields, then the finish.
Script One(const Scene& scene, std::string_view choices) {
  const absl::Duration at = scene.completion.pace.At(0);
  return EventStream({RoleEvent(scene.completion),
                      {at, Event(ChunkJson(scene.completion, choices)), true},
                      {at, Event(FinishChunk(scene))},
                      DoneEvent(scene.completion)});
}

std::string Text(const Scene& scene) { return Quoted(scene.completion.Text()); }

Script UsageInChoice(const Scene& scene) {
  std::string choice = DeltaChoice("", "stop");
  choice.insert(choice.size() - 1, ",\"usage\":" + UsageJson(scene.completion));
  return EventStream(EventsWith(scene, ChunkJson(scene.completion, choice)));
}

Script UsageAs(const Scene& scene, std::string_view form) {
  return EventStream(EventsWith(scene, FinishChunk(scene),
                                UsageChunk(scene, fmt::format(fmt::runtime(form), scene.completion.input_tokens,
                                                              scene.completion.OutputTokens()))));
}

Script UsageZeroLast(const Scene& scene) {
  std::vector<Step> events = EventsWith(scene, FinishChunk(scene), UsageChunk(scene, UsageJson(scene.completion)));
  events.insert(events.end() - 1,
                {scene.completion.End(), Event(UsageChunk(scene, R"({"prompt_tokens":0,"completion_tokens":0})"))});
  return EventStream(std::move(events));
}

Script OtherChoices(const Scene& scene) {
  std::vector<Step> events = EventsOf(scene.completion);
  const std::string other = R"("choices":[{"index":1,"delta":{"content":"Not this one."},"finish_reason":null},)";
  for (Step& event : events) {
    const size_t at = event.bytes.find(R"("choices":[{)");
    if (at != std::string::npos) event.bytes.replace(at, 11, other);
  }
  return EventStream(std::move(events));
}

Script Replaced(const Scene& scene, std::string_view from, std::string_view to) {
  std::vector<Step> events = EventsOf(scene.completion);
  for (Step& event : events) {
    const size_t at = event.bytes.find(from);
    if (at != std::string::npos) event.bytes.replace(at, from.size(), to);
  }
  return EventStream(std::move(events));
}

// Slow enough that a client which believes the first finish has left before the end.
Script FinishEveryChunk(const Scene& scene) {
  Script script = Replaced(scene, R"("finish_reason":null)", R"("finish_reason":"stop")");
  for (size_t i = 0; i < script.steps.size(); ++i) {
    script.steps[i].at = absl::Seconds(3) * static_cast<double>(i) / static_cast<double>(script.steps.size());
  }
  return script;
}

Script MessageAtEnd(const Scene& scene) {
  return EventStream(EventsWith(
      scene,
      ChunkJson(scene.completion,
                fmt::format(R"({{"index":0,"message":{{"role":"assistant","content":{}}},"finish_reason":"stop"}})",
                            Text(scene)))));
}

Script ThinkUnopened(const Scene& scene) {
  Completion thinking = scene.completion;
  for (const std::string piece : {"\n</think>\n\n", " this", " about", "Is"}) {
    thinking.pieces.insert(thinking.pieces.begin(), piece);
  }
  return Answered(scene.request, thinking);
}

Script Pings(const Scene& scene) {
  std::vector<Step> events = EventsOf(scene.completion);
  events.insert(events.begin() + 1, {events[0].at, "event: ping\ndata: ping\n\n"});
  return EventStream(std::move(events));
}

Script DoneInOtherWords(const Scene& scene) {
  std::vector<Step> events = EventsOf(scene.completion);
  events.back().bytes = "data: DONE\n\n";
  return EventStream(std::move(events));
}

// Blank lines keep the connection alive until the answer is whole.
Script JsonBehindBlankLines(const Scene& scene) {
  return EventStream({{absl::ZeroDuration(), "\n\n"},
                      {scene.completion.pace.At(0), "\n"},
                      {scene.completion.End(), WholeJson(scene.completion), true}});
}

// Ids before the data, and nothing in the head that speaks of a stream; byte by byte.
Script StreamUnannounced(const Scene& scene) {
  std::string events;
  for (const Step& event : EventsOf(scene.completion)) events += "id: 7\n" + event.bytes;
  Script script{200, {{absl::ZeroDuration(), Head(200, {{"content-type", "text/plain"}})}}, Ending::kClose, true};
  script.steps.push_back({scene.completion.pace.At(0), std::move(events), true});
  return script;
}

Script BigLine(const Scene& scene) {
  return One(scene, DeltaChoice(fmt::format(R"("content":"{}")", std::string(kLongPieceBytes, 'a'))));
}

Script DeepJson(const Scene& scene) {
  const std::string deep = std::string(60, '[') + std::string(60, ']');
  return Replaced(scene, R"("logprobs":null)", R"("logprobs":)" + deep);
}

Script EmptyErrors(const Scene& scene) { return Replaced(scene, R"("choices":)", R"("error":[],"choices":)"); }

// The refusal of what the request holds, in these words, until it is left out.
Script RefusedWhile(const Scene& scene, bool holds, std::string_view message) {
  if (!holds) return Answered(scene.request, scene.completion);
  return Json(400, ErrorJson(message, "invalid_request_error", ""));
}

}  // namespace

std::span<const Fault> OddAnswers() {
  static const Fault kFaults[] = {
      {"shape-moonshot", UsageInChoice, "usage within the choice", kOnlyStreams},
      {"fault-usage-text",
       [](const Scene& scene) { return UsageAs(scene, R"({{"prompt_tokens":"{}","completion_tokens":"{}"}})"); },
       "usage whose numbers are text", kOnlyStreams},
      {"fault-usage-names",
       [](const Scene& scene) { return UsageAs(scene, R"({{"input_tokens":{},"output_tokens":{}}})"); },
       "usage by Anthropic's names", kOnlyStreams},
      {"fault-usage-zero-last", UsageZeroLast, "usage, and then zeros", kOnlyStreams},
      {"fault-other-choices", OtherChoices, "a second choice in every chunk, before the first", kOnlyStreams},
      {"fault-choice-from-1", [](const Scene& scene) { return Replaced(scene, R"("index":0)", R"("index":1)"); },
       "choices are counted from 1", kOnlyStreams},
      {"fault-content-object",
       [](const Scene& scene) {
         return One(scene, DeltaChoice(fmt::format(R"("content":{{"type":"text","text":{}}})", Text(scene))));
       },
       "the content is one part, not in a list", kOnlyStreams},
      {"fault-reasoning-parts",
       [](const Scene& scene) {
         return One(scene, DeltaChoice(fmt::format(
                               R"("content":[{{"type":"reasoning","text":"Hm."}},{{"type":"text","text":{}}}])",
                               Text(scene))));
       },
       "reasoning as a part of the content", kOnlyStreams},
      {"fault-message-at-end", MessageAtEnd, "the last chunk repeats the whole message", kOnlyStreams},
      {"fault-think-unopened", ThinkUnopened, "reasoning within the text up to </think>, without <think>"},
      {"fault-finish-null-text",
       [](const Scene& scene) { return Replaced(scene, R"("finish_reason":null)", R"("finish_reason":"null")"); },
       "the finish_reason is the text null until the end", kOnlyStreams},
      {"fault-finish-every-chunk", FinishEveryChunk, "finish_reason stop in every chunk, over 3 s", kOnlyStreams},
      {"fault-pings", Pings, "an event ping whose data is no JSON", kOnlyStreams},
      {"fault-done-word", DoneInOtherWords, "DONE without brackets at the end", kOnlyStreams},
      {"fault-blank-lines", JsonBehindBlankLines, "blank lines, then a whole answer, as an event stream", kOnlyStreams},
      {"fault-unannounced", StreamUnannounced, "a stream as text/plain whose events begin with their id", kOnlyStreams},
      {"fault-big-line", BigLine, "a line of 100 KB", kOnlyStreams},
      {"fault-deep-json", DeepJson, "JSON 60 levels deep", kOnlyStreams},
      {"fault-error-empty", EmptyErrors, "an empty error beside every choice", kOnlyStreams},
      {"fault-http-400-max-tokens-unknown",
       [](const Scene& scene) {
         return RefusedWhile(scene, scene.request.max_tokens.has_value(), "Unknown parameter: 'max_tokens'.");
       },
       "400 while max_tokens is named, without a word of the other name"},
      {"fault-http-400-stream",
       [](const Scene& scene) {
         return RefusedWhile(scene, scene.request.stream, "Streaming is not supported for this model.");
       },
       "400 while a stream is asked for"},
      {"fault-http-400-system",
       [](const Scene& scene) { return RefusedWhile(scene, scene.request.names_system, "System role not supported"); },
       "400 while there is a message of the role system"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
