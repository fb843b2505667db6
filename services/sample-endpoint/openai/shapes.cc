#include <string>
#include <utility>

#include <fmt/format.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {
namespace {

// The stream without [DONE], usage and finish: role and pieces.
std::vector<Step> Pieces(const Completion& completion) {
  std::vector<Step> events{RoleEvent(completion)};
  for (Step& event : PieceEvents(completion)) events.push_back(std::move(event));
  return events;
}

Script Finished(const Scene& scene, std::vector<Step> events, std::string_view finish_event,
                std::string_view usage_event) {
  const absl::Duration end = scene.completion.End();
  events.push_back({end, Event(finish_event)});
  if (!usage_event.empty()) events.push_back({end, Event(usage_event)});
  events.push_back({end, "data: [DONE]\n\n"});
  return EventStream(std::move(events));
}

Script Openai(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  const std::string padding = R"(,"usage":null,"obfuscation":"a1B2c3D4e5F6g7")";
  std::vector<Step> events = Pieces(scene.completion);
  for (Step& event : events) event.bytes.insert(event.bytes.size() - 3, padding);
  return Finished(
      scene, std::move(events), ChunkJson(scene.completion, DeltaChoice("", scene.completion.finish_reason), padding),
      scene.completion.include_usage ? ChunkJson(scene.completion, "", ",\"usage\":" + UsageJson(scene.completion))
                                     : "");
}

Script Azure(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = EventsOf(scene.completion);
  events.insert(
      events.begin(),
      {events[0].at,
       Event(
           R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]})")});
  return EventStream(std::move(events));
}

Script Groq(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  return Finished(scene, Pieces(scene.completion),
                  ChunkJson(scene.completion, DeltaChoice("", scene.completion.finish_reason),
                            fmt::format(R"(,"x_groq":{{"id":"req_sample","usage":{}}})", UsageJson(scene.completion))),
                  "");
}

Script Openrouter(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = Pieces(scene.completion);
  events.insert(events.begin(), {absl::ZeroDuration(), ": OPENROUTER PROCESSING\n\n"});
  std::string usage = UsageJson(scene.completion);
  usage.insert(usage.size() - 1, R"(,"cost":0.000123)");
  return Finished(
      scene, std::move(events),
      ChunkJson(
          scene.completion,
          R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"STOP"})"),
      ChunkJson(scene.completion, DeltaChoice(R"("role":"assistant","content":"")"), ",\"usage\":" + usage));
}

Script Together(const Scene& scene) {
  if (!scene.request.stream) return Json(200, WholeJson(scene.completion, {}, "eos"), scene.completion.End());
  return Finished(
      scene, Pieces(scene.completion),
      ChunkJson(scene.completion, DeltaChoice(R"("content":"")", "eos"), ",\"usage\":" + UsageJson(scene.completion)),
      "");
}

Script Fireworks(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  return Finished(scene, Pieces(scene.completion),
                  ChunkJson(scene.completion, DeltaChoice("", scene.completion.finish_reason),
                            ",\"usage\":" + UsageJson(scene.completion)),
                  "");
}

// Reasoning under both names at once.
Script Vllm(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = EventsOf(scene.completion);
  events.insert(
      events.begin() + 1,
      {events[0].at, Event(ChunkJson(scene.completion, DeltaChoice(R"("reasoning":"Hm.","reasoning_content":"Hm.")"))),
       true});
  return EventStream(std::move(events));
}

Script Ollama(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events;
  for (Step& event : PieceEvents(scene.completion)) {
    event.bytes.replace(event.bytes.find(R"("delta":{)"), 9, R"("delta":{"role":"assistant",)");
    events.push_back(std::move(event));
  }
  return Finished(
      scene, std::move(events),
      ChunkJson(scene.completion, DeltaChoice(R"("role":"assistant","content":"")", scene.completion.finish_reason)),
      scene.completion.include_usage ? ChunkJson(scene.completion, "", ",\"usage\":" + UsageJson(scene.completion))
                                     : "");
}

Script Llamacpp(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = Pieces(scene.completion);
  events.insert(events.begin(), {absl::ZeroDuration(), ":\n\n"});
  return Finished(scene, std::move(events),
                  ChunkJson(scene.completion, DeltaChoice("", scene.completion.finish_reason)),
                  ChunkJson(scene.completion, "",
                            fmt::format(R"(,"usage":{},"timings":{{"prompt_n":12,"predicted_per_second":48.5}})",
                                        UsageJson(scene.completion))));
}

Script Tgi(const Scene& scene) {
  if (!scene.request.stream) return Json(200, WholeJson(scene.completion, {}, "eos_token"), scene.completion.End());
  std::vector<Step> events = Pieces(scene.completion);
  for (Step& event : events) event.bytes.replace(0, 6, "data:");
  std::string usage = ChunkJson(scene.completion, "", ",\"usage\":" + UsageJson(scene.completion));
  usage.replace(usage.find(scene.completion.id), scene.completion.id.size(), "");
  return Finished(scene, std::move(events), ChunkJson(scene.completion, DeltaChoice(R"("content":"")", "eos_token")),
                  scene.completion.include_usage ? usage : "");
}

// The last piece and the finish in one chunk, usage in every chunk, no [DONE].
Script Gemini(const Scene& scene) {
  if (!scene.request.stream) return Answered(scene.request, scene.completion);
  std::vector<Step> events = PieceEvents(scene.completion);
  events.pop_back();
  const std::string& last = scene.completion.pieces.empty() ? "" : scene.completion.pieces.back();
  events.push_back(
      {scene.completion.End(),
       Event(ChunkJson(scene.completion, DeltaChoice("\"role\":\"assistant\",\"content\":" + Quoted(last), "stop"),
                       ",\"usage\":" + UsageJson(scene.completion))),
       events.empty()});
  return EventStream(std::move(events));
}

}  // namespace

std::span<const Fault> Shapes() {
  static const Fault kShapes[] = {
      {"shape-openai", Openai, "padding in every chunk, usage null until the last"},
      {"shape-azure", Azure, "a first chunk without choices, with the prompt's filter results"},
      {"shape-groq", Groq, "usage within x_groq"},
      {"shape-openrouter", Openrouter, "comments while waiting, usage with cost in a chunk with a choice"},
      {"shape-together", Together, "finish_reason eos, usage without being asked"},
      {"shape-fireworks", Fireworks, "usage in the chunk that finishes, without being asked"},
      {"shape-vllm", Vllm, "reasoning under two names in one delta"},
      {"shape-ollama", Ollama, "the role in every delta"},
      {"shape-llamacpp", Llamacpp, "a bare comment first, usage with timings after the finish"},
      {"shape-tgi", Tgi, "no space after data:, finish_reason eos_token, a usage chunk without id"},
      {"shape-gemini", Gemini, "the last piece and the finish in one chunk, no [DONE]"},
  };
  return kShapes;
}

}  // namespace ftl::sample_endpoint
