#pragma once

#include "common/endpoint/format/dialect.h"

namespace ftl {

// Chat completions: OpenAI's own format, and that of everybody who calls himself compatible (Azure, vLLM, Ollama, …),
// in all their ways: what differs is learned at the endpoint.
class OpenAi : public Dialect {
 public:
  std::string_view name() const override { return "openai"; }
  void AppendFields(const Endpoint& endpoint, const Credential& credential, std::string& head) const override;
  std::string ChatTarget(const Endpoint& endpoint, const ChatRequest& request) const override;
  std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) const override;
  std::unique_ptr<AnswerReader> ReaderInto(ChatAnswer& answer) const override;
  std::string ModelsTarget(const Endpoint& endpoint) const override;
  ModelList ReadModels(std::string_view body, size_t most) const override;
  std::string KeyTestUrl(const Endpoint& endpoint) const override;
  endpoint_pb::Capabilities CapabilitiesFor(const Endpoint& endpoint, std::string_view model,
                                            endpoint_pb::Capabilities known) const override;
  bool LearnFromRefusal(const ChatRequest& request, const ErrorWords& words,
                        endpoint_pb::Capabilities& capabilities) const override;
  void LearnFromAnswer(const ChatRequest& request, const AnswerTraits& traits,
                       endpoint_pb::Capabilities& capabilities) const override;
};

}  // namespace ftl
