#pragma once

#include <string_view>

namespace ftl::analytics {

// `sentences/<code>.json` as it was when this program was built: an object of message patterns by key. Empty for a code
// that has none.
std::string_view SentencesOf(std::string_view code);

}  // namespace ftl::analytics
