#pragma once

#include "common/endpoint/format/dialect.h"

namespace ftl {

// Anthropic's messages: the system prompt beside the messages, a token limit that must be named, an answer in blocks of
// text, thinking and tool use. Without a limit of ours the one below is asked for, which every model takes.
class Anthropic : public Dialect {
 public:
  std::string_view name() const override { return "anthropic"; }
  void AppendFields(const Endpoint& endpoint, const Credential& credential, std::string& head) const override;
  std::string ChatTarget(const Endpoint& endpoint, const ChatRequest& request) const override;
  std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) const override;
  std::unique_ptr<AnswerReader> ReaderInto(ChatAnswer& answer) const override;
  std::string ModelsTarget(const Endpoint& endpoint) const override;
  ModelList ReadModels(std::string_view body, size_t most) const override;
};

}  // namespace ftl
