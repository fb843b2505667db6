#include "services/session-vault/store/provider_word.h"

#include <absl/strings/ascii.h>

#include "common/text/view.h"

namespace ftl::vault {

namespace pb = finetunelab::endpoint::v1;

namespace {

constexpr std::string_view kPrefix = "PROVIDER_";

}  // namespace

std::string ProviderWord(pb::Provider provider) {
  return absl::AsciiStrToLower(pb::Provider_Name(provider).substr(kPrefix.size()));
}

pb::Provider ProviderOfWord(std::string_view word) {
  pb::Provider provider = pb::PROVIDER_CUSTOM;
  pb::Provider_Parse(std::string(kPrefix) + absl::AsciiStrToUpper(ToAbsl(word)), &provider);
  return provider;
}

}  // namespace ftl::vault
