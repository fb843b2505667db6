#include "common/endpoint/url/provider.h"

#include <algorithm>
#include <array>

#include <absl/strings/match.h>
#include <fmt/format.h>

#include "common/endpoint/url/endpoint.h"
#include "common/error/refusal.h"
#include "common/text/trim.h"
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

// How much of `text` is a word that a header, a command or a file of settings has before a key; 0 for none.
size_t PastedBefore(std::string_view text) {
  constexpr std::string_view kWords[] = {"--header",
                                         "-h",
                                         "export ",
                                         "authorization",
                                         "proxy-authorization",
                                         "x-api-key",
                                         "api-key",
                                         "api_key",
                                         "apikey",
                                         "x-goog-api-key",
                                         "ocp-apim-subscription-key",
                                         "bearer",
                                         "token ",
                                         "token: ",
                                         "token=",
                                         "key ",
                                         "key: ",
                                         "key=",
                                         "set ",
                                         "setx ",
                                         "$env:"};
  for (const std::string_view word : kWords) {
    if (!absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(word))) continue;
    size_t at = word.size();
    while (at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;
    if (std::string_view(" :=").find(word.back()) != std::string_view::npos) return at;
    if (at < text.size() && std::string_view(" :=\t").find(text[at]) != std::string_view::npos) return at + 1;
  }
  // `OPENAI_API_KEY=`, `OPENAI_API_KEY: `
  const size_t parting = std::min(text.find('='), text.find(": "));
  if (parting == std::string_view::npos || parting == 0) return 0;
  const std::string_view name = text.substr(0, parting);
  const bool is_setting = std::all_of(
      name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9'); });
  return is_setting && (name.ends_with("KEY") || name.ends_with("TOKEN")) ? parting + 1 : 0;
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
  constexpr std::string_view kPastedAlong = " \t\r\n\"'`{}<>,;";
  constexpr size_t kLongest = 4096;
  for (size_t before = key.size() + 1; key.size() < before;) {
    before = key.size();
    key = Trim(Trim(key, kPastedAlong, kWideSpaces), kPastedAlong, kWideQuotes);
  }
  while (const size_t along = PastedBefore(key)) {
    const size_t next = key.find_first_not_of(kPastedAlong, along);
    if (next == std::string_view::npos) break;
    key.remove_prefix(next);
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
