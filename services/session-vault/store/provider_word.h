#pragma once

#include <string>
#include <string_view>

#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl::vault {

// PROVIDER_AZURE_OPENAI is stored as `azure_openai`. A word that is not known is PROVIDER_CUSTOM.
std::string ProviderWord(finetunelab::endpoint::v1::Provider provider);
finetunelab::endpoint::v1::Provider ProviderOfWord(std::string_view word);

}  // namespace ftl::vault
