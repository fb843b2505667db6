#pragma once

#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl {

class Endpoint;

// A preset of the wizard: where a provider serves, what its keys and models look like. The texts are for people.
struct Provider {
  std::string_view provider;  // the stable name of the contract: `together`, …, `custom`
  std::string_view name;
  std::string_view base_url;
  std::string_view docs_url;
  std::string_view example_model_id;
  std::string_view key_hint;
  // For recognising a URL and completing one without a path; not for people.
  std::string_view
      host_end;  // the host, or with a dot before it, what the host ends in; empty: not to be recognised by it
  std::string_view base_path;  // where the API begins
};

// All presets in the order in which they are shown; `custom` is last.
std::span<const Provider> Providers();

// The preset of that stable name, or null.
const Provider* ProviderNamed(std::string_view provider);

// Whose endpoint this is, judged by host and port; `custom` where that tells nothing.
const Provider& ProviderOf(const Endpoint& endpoint);

// The key as it is sent: without what comes along when one is pasted: white space, quotes, brackets, a header's name
// and scheme (`Authorization: Bearer …`), a setting's name (`OPENAI_API_KEY=…`). A view into `key`. Empty is fine.
// INVALID_FIELD `api_key` for what no header can carry: control characters, characters outside ASCII, over 4 KiB.
absl::StatusOr<std::string_view> CleanKey(std::string_view key);

// A sentence where the key looks unusual for the provider, else empty. Advice, never a reason to refuse: formats
// change.
std::string KeyAdvice(const Provider& provider, std::string_view key);

}  // namespace ftl
