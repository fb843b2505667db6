#pragma once

#include "services/sample-endpoint/dialect.h"

namespace ftl::sample_endpoint {

// Cohere's chat: /cohere/v2, with the models in /cohere/v1.
class Cohere : public Dialect {
 public:
  std::string_view base() const override { return "/cohere"; }
  Asks AsksFor(std::string_view path) const override;
  std::string_view KeyIn(const HttpRequest& request) const override;
  absl::StatusOr<ChatRequest> ReadChat(std::string_view path, const HttpRequest& request) const override;
  std::vector<Step> Events(const Completion& completion) const override;
  std::string Whole(const Completion& completion) const override;
  std::string ErrorJson(int status, std::string_view message) const override;
  std::string ErrorEvent(std::string_view message) const override;
  std::string ModelsJson() const override;
  std::span<const Fault> OwnFaults() const override;
};

}  // namespace ftl::sample_endpoint
