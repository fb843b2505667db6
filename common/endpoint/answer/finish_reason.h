#pragma once

#include <string>
#include <string_view>

namespace ftl {

// Why an answer ended, in our words, from each endpoint's own. Pure.
enum class FinishReason { kStop, kLength, kToolCalls, kContentFilter, kFailed, kOther };

// Some servers write "null" as text until the answer ends.
bool SaysFinished(std::string_view raw);
FinishReason FinishReasonOf(std::string_view raw);

// `stop`, `length`, `tool_calls`, `content_filter` or `other`.
std::string_view WordOf(FinishReason reason);

}  // namespace ftl
