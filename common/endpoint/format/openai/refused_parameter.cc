#include "common/endpoint/format/openai/refused_parameter.h"

#include <algorithm>
#include <initializer_list>

#include <absl/strings/ascii.h>

#include "common/endpoint/format/openai/token_allowance.h"

namespace ftl {
namespace {

// What a refusal says, in lower case, since every server words it in its own way.
class Refusal {
 public:
  explicit Refusal(const ErrorWords& words)
      : param_(absl::AsciiStrToLower(words.param)),
        name_(absl::AsciiStrToLower(words.type + " " + words.code)),
        message_(absl::AsciiStrToLower(words.message)) {}

  // `parameter` as a whole word, in the field for that or in the text.
  bool Names(std::string_view parameter) const {
    if (param_ == parameter) return true;
    const auto is_part_of_name = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
    for (size_t at = message_.find(parameter); at != std::string::npos; at = message_.find(parameter, at + 1)) {
      const size_t end = at + parameter.size();
      const bool starts = at == 0 || !is_part_of_name(message_[at - 1]);
      if (starts && (end == message_.size() || !is_part_of_name(message_[end]))) return true;
    }
    return false;
  }

  bool Says(std::initializer_list<std::string_view> phrases) const {
    return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
      return message_.find(phrase) != std::string::npos || name_.find(phrase) != std::string::npos;
    });
  }

  bool IsUnsupported() const {
    return Says({"unsupported", "not supported", "not support", "unrecognized", "unknown", "extra_forbidden",
                 "extra inputs", "extra fields", "not permitted", "not allowed", "unexpected", "deprecated",
                 "not enabled", "value_error.extra"});
  }

  bool IsAboutSize() const {
    return Says({"too large", "too big", "too high", "too many", "at most", "less than", "greater than", "smaller than",
                 "maximum", "exceed", "must be", "range", "between", "limit", "up to", "<", ">"});
  }

  bool IsAboutOutput() const {
    for (const char* name : {"max_tokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens",
                             "maxoutputtokens", "maxtokens", "max_token"}) {
      if (Names(name)) return true;
    }
    return Says({"completion tokens", "output tokens", "in the completion", "maximum tokens", "generated tokens",
                 "new tokens"});
  }

  const std::string& message() const { return message_; }

 private:
  std::string param_;
  std::string name_;
  std::string message_;
};

void NoteDropped(endpoint_pb::Capabilities& capabilities, const std::string& parameter) {
  const auto& dropped = capabilities.dropped_parameters();
  if (std::find(dropped.begin(), dropped.end(), parameter) == dropped.end()) {
    capabilities.add_dropped_parameters(parameter);
  }
}

bool IsSent(bool asked, bool is_known, bool is_taken) { return asked && (!is_known || is_taken); }

bool LearnTemperature(const ChatRequest& request, endpoint_pb::Capabilities& capabilities) {
  if (!IsSent(request.temperature.has_value(), capabilities.has_temperature(), capabilities.temperature()))
    return false;
  capabilities.set_temperature(false);
  NoteDropped(capabilities, "temperature");
  return true;
}

// Options first: their refusals speak of streams also.
bool LearnStream(const ChatRequest& request, const Refusal& refusal, endpoint_pb::Capabilities& capabilities) {
  if (!AsksForStream(request, capabilities)) return false;
  if (refusal.Names("stream_options") || refusal.Names("include_usage")) {
    if (!IsSent(true, capabilities.has_stream_options(), capabilities.stream_options())) return false;
    capabilities.set_stream_options(false);
    NoteDropped(capabilities, "stream_options");
    return true;
  }
  if (!(refusal.Names("stream") || refusal.Names("streaming")) || !refusal.IsUnsupported()) return false;
  capabilities.set_streaming(false);
  NoteDropped(capabilities, "stream");
  return true;
}

bool LearnSystemRole(const ChatRequest& request, const Refusal& refusal, endpoint_pb::Capabilities& capabilities) {
  const bool has_system = !request.messages.empty() && request.messages.front().role == "system";
  if (!IsSent(has_system, capabilities.has_system_role(), capabilities.system_role())) return false;
  // Google says "developer instruction"; templates of models without the role say only that roles must alternate.
  const bool names_it = refusal.Names("system") || refusal.Says({"developer instruction"});
  if (!(names_it && refusal.IsUnsupported()) && !refusal.Says({"roles must alternate"})) return false;
  capabilities.set_system_role(false);
  NoteDropped(capabilities, "system");
  return true;
}

bool LearnTools(const ChatRequest& request, const Refusal& refusal, endpoint_pb::Capabilities& capabilities) {
  if (!IsSent(!request.tools.empty(), capabilities.has_tools(), capabilities.tools())) return false;
  const bool names_it = refusal.Names("tools") || refusal.Names("tool") || refusal.Names("functions") ||
                        refusal.Says({"tool_choice", "tool choice", "tool-call-parser", "function calling"});
  if (!names_it) return false;
  capabilities.set_tools(false);
  NoteDropped(capabilities, "tools");
  return true;
}

bool LowerTokenLimit(const ChatRequest& request, const Refusal& refusal, endpoint_pb::Capabilities& capabilities) {
  const auto asked = TokenLimit(request, capabilities);
  if (!asked || !refusal.IsAboutSize() || !refusal.IsAboutOutput()) return false;
  const auto allowed = TokensAllowed(refusal.message(), *asked);
  if (allowed) capabilities.set_max_tokens(*allowed);
  return allowed.has_value();
}

bool LearnTokenLimit(const ChatRequest& request, const Refusal& refusal, endpoint_pb::Capabilities& capabilities) {
  if (!request.max_tokens || refusal.IsAboutSize()) return false;
  if (capabilities.max_completion_tokens()) {
    if (!refusal.Names("max_completion_tokens") || !refusal.IsUnsupported()) return false;
    capabilities.set_max_completion_tokens(false);
    return true;
  }
  const bool wants_other_name =
      refusal.Names("max_completion_tokens") || (refusal.Names("max_tokens") && refusal.IsUnsupported());
  if (!wants_other_name) return false;
  capabilities.set_max_completion_tokens(true);
  // The models of OpenAI that want this name refuse temperatures next, and there is no third request.
  if (IsReasoningFamily(request.model) && request.temperature != 1.0) LearnTemperature(request, capabilities);
  return true;
}

}  // namespace

bool LearnFromRefusal(const ChatRequest& request, const ErrorWords& words, endpoint_pb::Capabilities& capabilities) {
  const Refusal refusal(words);
  bool learned = LearnStream(request, refusal, capabilities);
  if (refusal.Names("temperature")) learned |= LearnTemperature(request, capabilities);
  learned |= LearnTools(request, refusal, capabilities);
  learned |= LearnSystemRole(request, refusal, capabilities);
  learned |= LearnTokenLimit(request, refusal, capabilities);
  learned |= LowerTokenLimit(request, refusal, capabilities);
  return learned;
}

}  // namespace ftl
