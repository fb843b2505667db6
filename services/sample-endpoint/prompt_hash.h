#pragma once

#include <cstdint>
#include <string_view>

namespace ftl::sample_endpoint {

// A number that looks drawn but is the same for the same text and salt on every machine and in every run, so that a
// prompt always meets the same answer, pace and fate.
uint64_t PromptHash(std::string_view text, uint64_t salt = 0);

}  // namespace ftl::sample_endpoint
