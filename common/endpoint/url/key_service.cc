#include "common/endpoint/url/key_service.h"

#include <algorithm>
#include <array>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/endpoint/url/provider.h"
#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl {
namespace {

// `start`, then at least `least` characters of keys.
bool Begins(std::string_view key, std::string_view start, size_t least) {
  if (!key.starts_with(start) || key.size() < start.size() + least) return false;
  return std::all_of(key.begin(), key.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

constexpr std::array kServices = {
    KeyService{
        .service_name = "openai",
        .name = "OpenAI",
        .dialect = "openai",
        .base_url = "https://api.openai.com/v1",
        .key_format = "sk- and at least 20 letters, digits, - or _",
        .docs_url = "https://platform.openai.com/api-keys",
        .looks_right = [](std::string_view key) { return Begins(key, "sk-", 20) && !key.starts_with("sk-ant-"); }},
    KeyService{.service_name = "anthropic",
               .name = "Anthropic",
               .dialect = "anthropic",
               .base_url = "https://api.anthropic.com/v1",
               .key_format = "sk-ant- and at least 20 letters, digits, - or _",
               .docs_url = "https://platform.claude.com/settings/keys",
               .looks_right = [](std::string_view key) { return Begins(key, "sk-ant-", 20); }},
    KeyService{.service_name = "google",
               .name = "Google Gemini",
               .dialect = "google",
               .base_url = "https://generativelanguage.googleapis.com/v1beta",
               .key_format = "AIza and 35 letters, digits, - or _; or AQ. and at least 20",
               .docs_url = "https://ai.google.dev/gemini-api/docs/api-key",
               .looks_right =
                   [](std::string_view key) {
                     return (key.size() == 39 && Begins(key, "AIza", 35)) || Begins(key, "AQ.", 20);
                   }},
    KeyService{.service_name = "azure",
               .name = "Azure OpenAI",
               .dialect = "openai",
               .base_url = "https://your-resource.openai.azure.com/openai/v1",
               .key_format = "32 hex digits or 84 letters and digits",
               .docs_url = "https://learn.microsoft.com/azure/ai-foundry/openai/reference",
               .needs_base_url = true,
               .has_api_version = true,
               .looks_right =
                   [](std::string_view key) { return (key.size() == 32 || key.size() == 84) && Begins(key, "", 32); }},
    KeyService{.service_name = "cohere",
               .name = "Cohere",
               .dialect = "cohere",
               .base_url = "https://api.cohere.com/v2",
               .key_format = "40 letters and digits",
               .docs_url = "https://dashboard.cohere.com/api-keys",
               .looks_right = [](std::string_view key) { return Begins(key, "", 32); }},
    KeyService{.service_name = "huggingface",
               .name = "Hugging Face",
               .dialect = "huggingface",
               .base_url = "https://router.huggingface.co/v1",
               .key_format = "hf_ and at least 20 letters and digits",
               .docs_url = "https://huggingface.co/settings/tokens",
               .looks_right = [](std::string_view key) { return Begins(key, "hf_", 20); }},
    KeyService{.service_name = "ollama",
               .name = "Ollama",
               .dialect = "openai",
               .base_url = "http://localhost:11434/v1",
               .key_format = "none needed",
               .docs_url = "https://docs.ollama.com/api/openai-compatibility",
               .needs_key = false,
               .looks_right = [](std::string_view) { return true; }},
    KeyService{.service_name = "openai_compatible",
               .name = "Any OpenAI-compatible endpoint",
               .dialect = "openai",
               .base_url = "https://your-host/v1",
               .key_format = "as the server asks; may stay empty",
               .docs_url = "https://platform.openai.com/docs/api-reference/chat",
               .needs_base_url = true,
               .needs_key = false,
               .has_several = true,
               .looks_right = [](std::string_view) { return true; }},
};

}  // namespace

std::span<const KeyService> KeyServices() { return kServices; }

const KeyService* KeyServiceNamed(std::string_view service_name) {
  const auto found = std::find_if(kServices.begin(), kServices.end(),
                                  [&](const KeyService& service) { return service.service_name == service_name; });
  return found == kServices.end() ? nullptr : &*found;
}

std::string KeyServiceNames() {
  std::string names;
  for (const KeyService& service : kServices) {
    if (!names.empty()) names += ", ";
    names += service.service_name;
  }
  return names;
}

absl::StatusOr<std::string_view> JudgeKey(const KeyService& service, std::string_view key) {
  TRY(const std::string_view clean, CleanKey(key));
  if (clean.empty() && !service.needs_key) return clean;
  if (clean.empty()) {
    return Refuse(Reason::kInvalidField, fmt::format("{} needs a key.", service.name)).Field("api_key", "is missing");
  }
  if (service.looks_right(clean)) return clean;
  const std::string looks = fmt::format("a key of {} looks like this: {}", service.name, service.key_format);
  return Refuse(Reason::kKeyFormat, fmt::format("This is not stored: {}.", looks)).Field("api_key", looks);
}

absl::StatusOr<Endpoint> KeyAddress(const KeyService& service, std::string_view base_url, std::string_view api_version,
                                    const AddressPolicy& policy) {
  const auto refuse = [](std::string_view field, std::string_view fault) {
    return Refuse(Reason::kInvalidField, fmt::format("{} {}.", field, fault)).Field(field, fault);
  };
  if (base_url.empty() && service.needs_base_url) return refuse("base_url", "is missing");
  std::string url(base_url.empty() ? service.base_url : base_url);
  if (!api_version.empty()) {
    constexpr size_t kLongest = 64;
    const bool is_version = std::all_of(api_version.begin(), api_version.end(),
                                        [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.'; });
    if (!service.has_api_version) return refuse("api_version", "is for azure alone");
    if (!is_version || api_version.size() > kLongest) return refuse("api_version", "is no version like 2024-10-21");
    url += fmt::format("{}api-version={}", url.find('?') == std::string::npos ? '?' : '&', api_version);
  }
  absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(url, policy);
  if (endpoint.ok()) return endpoint;
  // The same refusal, by the field's name here.
  const std::string_view message(endpoint.status().message().data(), endpoint.status().message().size());
  return Refuse(ReasonOf(endpoint.status()), message).Field("base_url", message);
}

std::string KeyHint(std::string_view key) {
  return key.size() < 20 ? std::string() : std::string(key.substr(key.size() - 4));
}

}  // namespace ftl
