#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "services/sample-endpoint/answers.h"
#include "services/sample-endpoint/chat_request.h"
#include "services/sample-endpoint/script.h"
#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {

// One answer, cut at the request's token limit, before it has a shape on the wire.
struct Completion {
  std::string id;
  std::string model;
  int64_t created = 0;  // Unix seconds
  std::vector<std::string> reasoning;
  std::vector<std::string> pieces;
  std::string finish_reason;  // stop or length
  int input_tokens = 0;
  bool include_usage = false;
  Pace pace;

  int OutputTokens() const { return static_cast<int>(reasoning.size() + pieces.size()); }
  std::string Text() const;
  std::string Reasoning() const;
  // When the last piece is sent.
  absl::Duration End() const;
};

Completion CompletionOf(const ChatRequest& request, const Temper& temper, const Answers& answers, absl::Time now);

// The JSON of a chunk. `choices` is what stands in its list, `more` what follows it in the object, beginning with a
// comma.
std::string ChunkJson(const Completion& completion, std::string_view choices, std::string_view more = {});
// A choice with this delta: the fields of an object.
std::string DeltaChoice(std::string_view delta_fields, std::string_view finish_reason = {});
std::string UsageJson(const Completion& completion);
std::string ErrorJson(std::string_view message, std::string_view type, std::string_view code);

// The parts of a stream in order, each ready to be sent: role, reasoning and pieces, finish, usage where asked for,
// [DONE].
Step RoleEvent(const Completion& completion);
std::vector<Step> PieceEvents(const Completion& completion);
Step FinishEvent(const Completion& completion);
Step UsageEvent(const Completion& completion);
Step DoneEvent(const Completion& completion);
std::vector<Step> EventsOf(const Completion& completion);

// The body of an answer that is not streamed. `message_fields` and `finish_reason` stand for those of the completion
// where given.
std::string WholeJson(const Completion& completion, std::string_view message_fields = {},
                      std::string_view finish_reason = {});

// The honest answer, streamed or not.
Script Answered(const ChatRequest& request, const Completion& completion);

}  // namespace ftl::sample_endpoint
