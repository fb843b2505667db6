#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl {

namespace endpoint_pb = finetunelab::endpoint::v1;

// One message of a conversation. `role` is `system`, `user` or `assistant`.
struct ChatMessage {
  std::string role;
  std::string content;  // valid UTF-8
};

// What is asked of a model, before any service's own format.
struct ChatRequest {
  std::string model;
  std::vector<ChatMessage> messages;
  std::optional<double> temperature;
  std::optional<int> max_tokens;  // at least 1
  std::optional<double> top_p = std::nullopt;
  bool stream = true;
  // Definitions of tools that may be called, a JSON array in the shape of chat completions; empty for none. Not sent
  // where the endpoint is known to refuse them, and sent by the dialects of that shape alone: nobody offers tools to
  // others yet.
  std::string tools = {};
  // Whether a request refused over a parameter is made once more without it. Where requests are counted, whoever counts
  // does that (ChatReply::may_ask_again).
  bool may_ask_again = true;
  // How long to listen on after the first token; unset for the whole answer. For a call that only asks who is there.
  std::optional<absl::Duration> enough_after_token = std::nullopt;
  // What this endpoint was found to need; unset fields are tried in the way that most endpoints take.
  endpoint_pb::Capabilities capabilities;
};

}  // namespace ftl
