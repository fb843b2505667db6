#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl::sample_endpoint {

// What of a chat completion request decides the answer.
struct ChatRequest {
  std::string model;
  std::string prompt;    // the text of the last user message, parts joined
  int input_tokens = 0;  // of all messages
  bool stream = false;
  bool include_usage = false;
  bool names_stream_options = false;
  bool names_temperature = false;
  bool names_system = false;  // there is a message of that role
  std::optional<int> max_tokens;
  std::optional<int> max_completion_tokens;

  std::optional<int> TokenLimit() const { return max_completion_tokens ? max_completion_tokens : max_tokens; }
};

// INVALID_ARGUMENT with a sentence for the caller where it is no such request. `deployment` stands for a model that the
// body does not name, as in Azure's paths.
absl::StatusOr<ChatRequest> ReadChatRequest(std::string_view body, std::string_view deployment = {});

}  // namespace ftl::sample_endpoint
