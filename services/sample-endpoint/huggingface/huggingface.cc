#include "services/sample-endpoint/huggingface/huggingface.h"

#include <fmt/format.h>

#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {

Dialect::Asks HuggingFace::AsksFor(std::string_view path) const {
  if (path == "/v1/chat/completions") return Asks::kChat;
  if (path == "/v1/models") return Asks::kModels;
  return path == "/api/whoami-v2" ? Asks::kKey : Asks::kNothing;
}

std::string HuggingFace::ErrorJson(int, std::string_view message) const {
  return fmt::format(R"({{"error":{}}})", Quoted(message));
}

std::string HuggingFace::ModelsJson() const {
  std::string list;
  for (const Temper& temper : Tempers()) {
    fmt::format_to(
        std::back_inserter(list),
        R"({}{{"id":"{}","object":"model","created":1735689600,"owned_by":"finetunelab-sample-endpoint","providers":[{{"provider":"sample","status":"live","context_length":32768,"pricing":{{"input":0.2,"output":0.6}}}}]}})",
        list.empty() ? "" : ",", temper.model);
  }
  return fmt::format(R"({{"object":"list","data":[{}]}})", list);
}

std::string HuggingFace::KeyJson() const {
  return R"({"type":"user","name":"sample-endpoint","auth":{"type":"access_token","accessToken":{"displayName":"sample","role":"read"}}})";
}

}  // namespace ftl::sample_endpoint
