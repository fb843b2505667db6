#pragma once

#include <span>
#include <string>
#include <string_view>

#include "services/sample-endpoint/completion.h"
#include "services/sample-endpoint/script.h"

namespace ftl::sample_endpoint {

// What a fault has to work with: what was asked, and the answer that would honestly be given.
struct Scene {
  const ChatRequest& request;
  const Completion& completion;
  std::string_view authorization;  // the header as it came
  int64_t calls = 1;               // of this prompt and model so far, this one included
};

// A way to answer wrongly, on request: the model `fault-<name>`. Or, as `shape-<name>`, a right answer in the shape of
// one provider.
struct Fault {
  std::string_view model;
  Script (*answer)(const Scene&);  // called by Answer alone
  std::string_view words;          // what it does, for people
  bool only_streams = false;       // a request for a whole answer gets an honest one

  Script Answer(const Scene& scene) const {
    return only_streams && !scene.request.stream ? Answered(scene.request, scene.completion) : answer(scene);
  }
};
constexpr bool kOnlyStreams = true;

// The honest answer at every third call; before it, this one of a model that is loading.
Script WhileLoading(const Scene& scene, int status, std::string_view body);

// Status codes, and errors in the shape of each provider.
std::span<const Fault> ErrorFaults();
// What may be wrong within an event stream or a completion.
std::span<const Fault> StreamFaults();
// What may be wrong below: heads, framing, encodings, silence.
std::span<const Fault> WireFaults();
// Right answers as each provider shapes them.
std::span<const Fault> Shapes();
// Right answers in shapes that few send, and errors said in unusual places and words.
std::span<const Fault> OddAnswers();
std::span<const Fault> OddErrors();
// What people met at endpoints in use.
std::span<const Fault> FieldAnswers();
std::span<const Fault> FieldErrors();

// Null for a model that is none of them.
const Fault* FaultOf(std::string_view model);
// All of them, for people: {"object":"list","data":[{"id","words"}]}.
std::string FaultsJson();

}  // namespace ftl::sample_endpoint
