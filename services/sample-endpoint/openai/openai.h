#pragma once

#include "services/sample-endpoint/dialect.h"

namespace ftl::sample_endpoint {

// Chat completions, on the paths of OpenAI and Azure.
class OpenAi : public Dialect {
 public:
  std::string_view base() const override { return ""; }
  Asks AsksFor(std::string_view path) const override;
  std::string_view KeyIn(const HttpRequest& request) const override;
  absl::StatusOr<ChatRequest> ReadChat(std::string_view path, const HttpRequest& request) const override;
  std::vector<Step> Events(const Completion& completion) const override;
  std::string Whole(const Completion& completion) const override;
  std::string ErrorJson(int status, std::string_view message) const override;
  std::string ErrorEvent(std::string_view message) const override;
  std::string ModelsJson() const override;
  std::span<const Fault> OwnFaults() const override { return {}; }
  // All of fault.h.
  std::optional<Script> Fail(std::string_view model, const Scene& scene) const override;
};

}  // namespace ftl::sample_endpoint
