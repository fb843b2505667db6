#include "common/endpoint/format/huggingface/huggingface.h"

#include "common/endpoint/url/endpoint.h"

namespace ftl {

std::string HuggingFace::KeyTestUrl(const Endpoint& endpoint) const {
  constexpr std::string_view kRouter = "router.huggingface.co";
  constexpr std::string_view kWhoAmI = "/api/whoami-v2";
  if (endpoint.host() == kRouter) return "https://huggingface.co" + std::string(kWhoAmI);
  std::string base = endpoint.BaseOr("", "/chat/completions");
  if (base.ends_with("/v1")) base.resize(base.size() - 3);
  return endpoint.Origin() + base + std::string(kWhoAmI);
}

}  // namespace ftl
