#include "common/endpoint/refused_parameter.h"

#include <algorithm>

namespace ftl {
namespace {

// Whether the refusal names `parameter`, as a whole word, in its field for that or in its text.
bool Names(const ErrorWords& words, std::string_view parameter) {
  if (words.param == parameter) return true;
  const auto is_part_of_name = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
  const std::string& text = words.message;
  for (size_t at = text.find(parameter); at != std::string::npos; at = text.find(parameter, at + 1)) {
    const size_t end = at + parameter.size();
    const bool starts = at == 0 || !is_part_of_name(text[at - 1]);
    if (starts && (end == text.size() || !is_part_of_name(text[end]))) return true;
  }
  return false;
}

bool IsUnsupported(const ErrorWords& words) {
  return words.code == "unsupported_parameter" || words.type == "extra_forbidden" ||
         words.message.find("Unsupported parameter") != std::string::npos ||
         words.message.find("not supported") != std::string::npos ||
         words.message.find("Unrecognized") != std::string::npos;
}

void NoteDropped(endpoint_pb::Capabilities& capabilities, const std::string& parameter) {
  const auto& dropped = capabilities.dropped_parameters();
  if (std::find(dropped.begin(), dropped.end(), parameter) == dropped.end()) {
    capabilities.add_dropped_parameters(parameter);
  }
}

}  // namespace

bool LearnFromRefusal(const ChatRequest& request, const ErrorWords& words, endpoint_pb::Capabilities& capabilities) {
  bool learned = false;
  const bool sent_options = request.stream && (!capabilities.has_stream_options() || capabilities.stream_options());
  if (sent_options && (Names(words, "stream_options") || Names(words, "include_usage"))) {
    capabilities.set_stream_options(false);
    NoteDropped(capabilities, "stream_options");
    learned = true;
  }
  const bool sent_temperature = request.temperature && (!capabilities.has_temperature() || capabilities.temperature());
  if (sent_temperature && Names(words, "temperature")) {
    capabilities.set_temperature(false);
    NoteDropped(capabilities, "temperature");
    learned = true;
  }
  if (!request.max_tokens) return learned;
  if (capabilities.max_completion_tokens()) {
    if (!Names(words, "max_completion_tokens") || !IsUnsupported(words)) return learned;
    capabilities.set_max_completion_tokens(false);
    return true;
  }
  const bool wants_other_name =
      Names(words, "max_completion_tokens") || (Names(words, "max_tokens") && IsUnsupported(words));
  if (!wants_other_name) return learned;
  capabilities.set_max_completion_tokens(true);
  return true;
}

}  // namespace ftl
