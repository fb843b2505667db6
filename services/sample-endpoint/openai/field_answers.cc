#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

constexpr size_t kLongLineBytes = 300'000;

// A stream of these deltas, each the fields of an object, then a finish; or a whole answer with `message`.
Script Deltas(const Scene& scene, std::initializer_list<std::string_view> deltas, std::string_view message,
              std::string_view finish_reason = "stop") {
  const std::string fields = fmt::format(R"("role":"assistant",{})", message);
  if (!scene.request.stream) return Json(200, WholeJson(scene.completion, fields, finish_reason));
  const absl::Duration at = scene.completion.pace.At(0);
  std::vector<Step> events{RoleEvent(scene.completion)};
  for (const std::string_view delta : deltas) {
    events.push_back({at, Event(ChunkJson(scene.completion, DeltaChoice(delta))), true});
  }
  events.push_back({at, Event(ChunkJson(scene.completion, DeltaChoice("", finish_reason)))});
  events.push_back({at, "data: [DONE]\n\n"});
  return EventStream(std::move(events));
}

// The honest answer, with this before and this behind its text.
Script TextWithin(const Scene& scene, std::string_view before, std::string_view behind = "") {
  Completion marked = scene.completion;
  if (!before.empty()) marked.pieces.insert(marked.pieces.begin(), std::string(before));
  if (!behind.empty()) marked.pieces.emplace_back(behind);
  return Answered(scene.request, marked);
}

// `From` in the data of every event becomes `to`.
Script Framed(const Scene& scene, std::string_view from, std::string_view to) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = EventsOf(scene.completion);
  for (Step& event : events) {
    if (event.bytes.substr(0, from.size()) == from) event.bytes.replace(0, from.size(), to);
  }
  return EventStream(std::move(events));
}

// A line of JSON for each event, as some give it without `data:`.
Script JsonLines(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::string lines;
  for (const Step& event : EventsOf(scene.completion)) {
    if (event.bytes.find('{') != std::string::npos) lines += event.bytes.substr(6, event.bytes.size() - 7);
  }
  return Whole(200, "application/x-ndjson", lines, scene.completion.End());
}

Script DoneGluedOn(const Scene& scene) {
  return Json(200, WholeJson(scene.completion) + "data: [DONE]\n\n", scene.completion.End());
}

// The completion within an object of the gateway's own.
Script Wrapped(const Scene& scene) {
  return Json(200, fmt::format(R"({{"code":0,"message":"ok","data":{}}})", WholeJson(scene.completion)),
              scene.completion.End());
}

Script TextOnceMore(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events{RoleEvent(scene.completion)};
  for (Step& event : PieceEvents(scene.completion)) events.push_back(std::move(event));
  const absl::Duration end = scene.completion.End();
  const std::string text = fmt::format("\"content\":{}", Quoted(scene.completion.Text()));
  events.push_back({end, Event(ChunkJson(scene.completion, DeltaChoice(text)))});
  events.push_back(FinishEvent(scene.completion));
  events.push_back(DoneEvent(scene.completion));
  return EventStream(std::move(events));
}

Script LongLine(const Scene& scene) {
  const std::string text = fmt::format("\"content\":\"{}\"", std::string(kLongLineBytes, 'a'));
  return Deltas(scene, {text}, text);
}

constexpr std::string_view kEmpty = R"("content":"")";
constexpr std::string_view kThought = R"("reasoning_content":"So they ask.")";

}  // namespace

std::span<const Fault> FieldAnswers() {
  static const Fault kFaults[] = {
      {"fault-think-quoted",
       [](const Scene& scene) {
         constexpr std::string_view kText =
             R"("content":"The reasoning ends with the tag `</think>`, then the answer follows.")";
         return Deltas(scene, {kThought, kText}, fmt::format("{},{}", kThought, kText));
       },
       "reasoning in a field of its own, and an answer that speaks of the tag </think>"},
      {"fault-think-brackets", [](const Scene& scene) { return TextWithin(scene, "[THINK]So they ask.[/THINK]\n"); },
       "reasoning within the text, between [THINK] and [/THINK]"},
      {"fault-think-harmony",
       [](const Scene& scene) {
         return TextWithin(scene,
                           "<|channel|>analysis<|message|>So they ask.<|end|><|start|>assistant"
                           "<|channel|>final<|message|>",
                           "<|return|>");
       },
       "reasoning within the text, in harmony's channels"},
      {"fault-think-commentary",
       [](const Scene& scene) {
         return TextWithin(scene,
                           "<|channel|>commentary<|message|>So they ask.<|end|><|start|>assistant"
                           "<|channel|>final<|message|>",
                           "<|return|>");
       },
       "a preamble in harmony's channel of commentary"},
      {"fault-wrapped", Wrapped, "a whole answer within an object of a gateway's own"},
      {"fault-split-emoji",
       [](const Scene& scene) {
         return Deltas(scene, {R"("content":"Great \ud83d")", R"("content":"\ude00 work")"},
                       R"("content":"Great \ud83d\ude00 work")");
       },
       "a character cut between two chunks, by UTF-16"},
      {"fault-deltas-grow",
       [](const Scene& scene) {
         return Deltas(scene,
                       {R"("content":"The ")", R"("content":"The sky ")", R"("content":"The sky is ")",
                        R"("content":"The sky is blue.")"},
                       R"("content":"The sky is blue.")");
       },
       "each delta repeats the text so far"},
      {"fault-deltas-alike",
       [](const Scene& scene) {
         return Deltas(scene, {R"("content":"ha")", R"("content":"ha")", R"("content":"ha")", R"("content":"haha")"},
                       R"("content":"hahahahaha")");
       },
       "deltas that are alike, and all of them text"},
      {"fault-text-again", TextOnceMore, "one more delta at the end, with the whole text"},
      {"fault-reasoning-only",
       [](const Scene& scene) { return Deltas(scene, {kThought}, fmt::format("{},{}", kThought, kEmpty)); },
       "reasoning and no text, finish_reason stop"},
      {"fault-reasoning-only-length",
       [](const Scene& scene) { return Deltas(scene, {kThought}, fmt::format("{},{}", kThought, kEmpty), "length"); },
       "reasoning and no text, finish_reason length"},
      {"fault-think-only",
       [](const Scene& scene) {
         constexpr std::string_view kText = R"("content":"<think>So they ask.</think>\n\n")";
         return Deltas(scene, {kText}, kText);
       },
       "reasoning within the text and nothing behind it"},
      {"fault-white-space",
       [](const Scene& scene) { return Deltas(scene, {R"("content":"\n\n")"}, R"("content":"\n\n")"); },
       "white space for a text"},
      {"fault-data-data", [](const Scene& scene) { return Framed(scene, "data: ", "data: data: "); },
       "the field's name twice: data: data:", kOnlyStreams},
      {"fault-data-no-space", [](const Scene& scene) { return Framed(scene, "data: ", "data:"); },
       "no space behind data:", kOnlyStreams},
      {"fault-json-lines", JsonLines, "lines of JSON, without data:", kOnlyStreams},
      {"fault-done-glued", DoneGluedOn, "a whole answer with data: [DONE] behind it"},
      {"fault-long-line", LongLine, "a line of 300 KB"},
  };
  return kFaults;
}

}  // namespace ftl::sample_endpoint
