#pragma once

#include "services/sample-endpoint/openai/openai.h"

namespace ftl::sample_endpoint {

// Hugging Face's router: chat completions at /huggingface/v1, models that everybody may list, and whose key it is.
class HuggingFace : public OpenAi {
 public:
  std::string_view base() const override { return "/huggingface"; }
  Asks AsksFor(std::string_view path) const override;
  bool IsOpen(Asks asks) const override { return asks == Asks::kModels; }
  std::string ErrorJson(int status, std::string_view message) const override;
  std::string ModelsJson() const override;
  std::string KeyJson() const override;
};

}  // namespace ftl::sample_endpoint
