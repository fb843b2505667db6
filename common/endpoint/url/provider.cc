#include "common/endpoint/url/provider.h"

#include <algorithm>
#include <array>

#include <absl/strings/match.h>
#include <fmt/format.h>

#include "common/endpoint/url/endpoint.h"
#include "common/error/refusal.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr std::array kProviders = {
    Provider{"together", "Together AI", "https://api.together.xyz/v1",
             "https://docs.together.ai/docs/openai-api-compatibility", "your-org/your-fine-tuned-model",
             "tgp_v1_... or 64 hex digits", "api.together.xyz", "/v1"},
    Provider{"fireworks", "Fireworks AI", "https://api.fireworks.ai/inference/v1",
             "https://docs.fireworks.ai/tools-sdks/openai-compatibility", "accounts/your-account/models/your-model",
             "fw_...", "api.fireworks.ai", "/inference/v1"},
    Provider{"openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "https://openrouter.ai/docs/quickstart",
             "meta-llama/llama-3.3-70b-instruct", "sk-or-v1-...", "openrouter.ai", "/api/v1"},
    Provider{"groq", "Groq", "https://api.groq.com/openai/v1", "https://console.groq.com/docs/openai",
             "llama-3.3-70b-versatile", "gsk_...", "api.groq.com", "/openai/v1"},
    Provider{"openai", "OpenAI", "https://api.openai.com/v1", "https://platform.openai.com/docs/api-reference/chat",
             "ft:gpt-4o-mini-2024-07-18:your-org::id", "sk-...", "api.openai.com", "/v1"},
    Provider{"azure_openai", "Azure OpenAI", "https://your-resource.openai.azure.com/openai/v1",
             "https://learn.microsoft.com/azure/ai-foundry/openai/reference", "your-deployment-name",
             "32 hex digits or 84 letters and digits", ".openai.azure.com", "/openai/v1"},
    Provider{"vllm", "vLLM", "http://localhost:8000/v1",
             "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html", "your-org/your-fine-tuned-model",
             "what --api-key says; empty without", "", "/v1"},
    Provider{"ollama", "Ollama", "http://localhost:11434/v1", "https://docs.ollama.com/api/openai-compatibility",
             "llama3.2:latest", "none needed; may stay empty", "", "/v1"},
    Provider{"custom", "Any OpenAI-compatible endpoint", "https://your-host/v1",
             "https://platform.openai.com/docs/api-reference/chat", "your-org/your-fine-tuned-model",
             "as your server asks; may stay empty", "", "/v1"},
};

bool IsOneOf(std::string_view host, std::string_view end) {
  if (end.empty()) return false;
  if (end.front() != '.') return host == end;
  return host.size() > end.size() && host.substr(host.size() - end.size()) == end;
}

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool AreHexDigits(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool LooksUsual(std::string_view provider, std::string_view key) {
  if (provider == "together") return StartsWith(key, "tgp_v1_") || (key.size() == 64 && AreHexDigits(key));
  if (provider == "fireworks") return StartsWith(key, "fw_");
  if (provider == "openrouter") return StartsWith(key, "sk-or-");
  if (provider == "groq") return StartsWith(key, "gsk_");
  if (provider == "openai") return StartsWith(key, "sk-") && !StartsWith(key, "sk-or-") && !StartsWith(key, "sk-ant-");
  if (provider == "azure_openai") return (key.size() == 32 && AreHexDigits(key)) || key.size() == 84;
  return true;
}

}  // namespace

std::span<const Provider> Providers() { return kProviders; }

const Provider* ProviderNamed(std::string_view provider) {
  const auto found =
      std::find_if(kProviders.begin(), kProviders.end(), [&](const Provider& p) { return p.provider == provider; });
  return found == kProviders.end() ? nullptr : &*found;
}

const Provider& ProviderOf(const Endpoint& endpoint) {
  constexpr uint16_t kOllamaPort = 11434;
  if (endpoint.is_azure()) return *ProviderNamed("azure_openai");
  for (const Provider& provider : kProviders) {
    if (IsOneOf(endpoint.host(), provider.host_end)) return provider;
  }
  return *ProviderNamed(endpoint.port() == kOllamaPort ? "ollama" : "custom");
}

absl::StatusOr<std::string_view> CleanKey(std::string_view key) {
  constexpr std::string_view kPastedAlong = " \t\r\n\"'`";
  constexpr size_t kLongest = 4096;
  const size_t first = key.find_first_not_of(kPastedAlong);
  if (first == std::string_view::npos) return std::string_view();
  key = key.substr(first, key.find_last_not_of(kPastedAlong) - first + 1);
  for (const std::string_view before : {"authorization:", "api-key:", "x-api-key:", "bearer "}) {
    if (!absl::StartsWithIgnoreCase(ToAbsl(key), ToAbsl(before))) continue;
    key.remove_prefix(before.size());
    key.remove_prefix(std::min(key.find_first_not_of(kPastedAlong), key.size()));
  }
  std::string_view fault;
  if (key.size() > kLongest) fault = "is longer than 4,096 characters";
  if (std::any_of(key.begin(), key.end(), [](char c) { return c < 0x20 || c > 0x7e; })) {
    fault = "has a character that no API key has; copy it again, without line breaks or letters outside ASCII";
  }
  if (fault.empty()) return key;
  return Refuse(Reason::kInvalidField, fmt::format("The API key {}.", fault)).Field("api_key", fault);
}

std::string KeyAdvice(const Provider& provider, std::string_view key) {
  if (key.empty() || LooksUsual(provider.provider, key)) return {};
  return fmt::format("This does not look like the usual key of {} ({}); it is tried all the same.", provider.name,
                     provider.key_hint);
}

}  // namespace ftl
