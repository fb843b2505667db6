#pragma once

#include "common/endpoint/format/dialect.h"

namespace ftl {

// Cohere's chat, version 2. Its models are listed by version 1, beside it.
class Cohere : public Dialect {
 public:
  std::string_view name() const override { return "cohere"; }
  void AppendFields(const Endpoint& endpoint, const Credential& credential, std::string& head) const override;
  std::string ChatTarget(const Endpoint& endpoint, const ChatRequest& request) const override;
  std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) const override;
  std::unique_ptr<AnswerReader> ReaderInto(ChatAnswer& answer) const override;
  std::string ModelsTarget(const Endpoint& endpoint) const override;
  ModelList ReadModels(std::string_view body, size_t most) const override;
};

}  // namespace ftl
