#pragma once

#include "common/endpoint/format/openai/openai.h"

namespace ftl {

// Hugging Face's router: chat completions, but its list of models is open to everybody, so a key is tested by asking
// whose it is, at the Hub for the router's own address.
class HuggingFace : public OpenAi {
 public:
  std::string_view name() const override { return "huggingface"; }
  std::string KeyTestUrl(const Endpoint& endpoint) const override;
};

}  // namespace ftl
