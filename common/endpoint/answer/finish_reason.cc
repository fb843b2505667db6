#include "common/endpoint/answer/finish_reason.h"

#include <array>

#include <absl/strings/ascii.h>

#include "common/text/view.h"

namespace ftl {
namespace {

struct Known {
  std::string_view raw;  // in lower case
  FinishReason reason;
};

constexpr auto kKnown = std::to_array<Known>({
    {"stop", FinishReason::kStop},
    {"eos", FinishReason::kStop},
    {"eos_token", FinishReason::kStop},
    {"stop_sequence", FinishReason::kStop},
    {"end_turn", FinishReason::kStop},
    {"complete", FinishReason::kStop},
    {"completed", FinishReason::kStop},
    {"finished", FinishReason::kStop},
    {"length", FinishReason::kLength},
    {"max_tokens", FinishReason::kLength},
    {"max_output_tokens", FinishReason::kLength},
    {"model_length", FinishReason::kLength},
    {"max_length", FinishReason::kLength},
    {"model_context_window_exceeded", FinishReason::kLength},
    {"tool_calls", FinishReason::kToolCalls},
    {"tool_call", FinishReason::kToolCalls},
    {"function_call", FinishReason::kToolCalls},
    {"tool_use", FinishReason::kToolCalls},
    {"content_filter", FinishReason::kContentFilter},
    {"content_filtered", FinishReason::kContentFilter},
    {"safety", FinishReason::kContentFilter},
    {"prohibited_content", FinishReason::kContentFilter},
    {"blocklist", FinishReason::kContentFilter},
    {"recitation", FinishReason::kContentFilter},
    {"spii", FinishReason::kContentFilter},
    {"sensitive", FinishReason::kContentFilter},
    {"guardrail_intervened", FinishReason::kContentFilter},
    {"refusal", FinishReason::kContentFilter},
    {"error", FinishReason::kFailed},
    {"timeout", FinishReason::kFailed},
    {"abort", FinishReason::kFailed},
    {"aborted", FinishReason::kFailed},
    {"cancelled", FinishReason::kFailed},
    {"network_error", FinishReason::kFailed},
    {"engine_overloaded", FinishReason::kFailed},
    {"insufficient_system_resource", FinishReason::kFailed},
});

}  // namespace

bool SaysFinished(std::string_view raw) { return !raw.empty() && raw != "null" && raw != "None"; }

FinishReason FinishReasonOf(std::string_view raw) {
  const std::string reason = absl::AsciiStrToLower(ToAbsl(raw));
  for (const Known& known : kKnown) {
    if (reason == known.raw) return known.reason;
  }
  // Gemini adds the rule: `content_filter: SAFETY`.
  return reason.substr(0, 15) == "content_filter:" ? FinishReason::kContentFilter : FinishReason::kOther;
}

std::string_view WordOf(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kToolCalls:
      return "tool_calls";
    case FinishReason::kContentFilter:
      return "content_filter";
    default:
      return "other";
  }
}

}  // namespace ftl
